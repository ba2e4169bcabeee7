using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using VmUpdate.HyperV.Sessions;
using VmUpdate.HyperV.Tests.Support;
using Xunit;

namespace VmUpdate.HyperV.Tests;

/// <summary>Who is logged on in the machines of an RD Virtualization Host. Whatever is in doubt is unknown, never nobody.</summary>
public sealed class RemoteDesktopTests : IAsyncLifetime
{
    private readonly SmallHost _host = new();
    private static readonly TerminalSession Services = new("PC-01", 0, string.Empty, string.Empty, 4);

    private SmallHyperV Small => _host.Small;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task The_machines_users_are_listed_and_others_are_not()
    {
        Small.List(
            new TerminalSession(string.Empty, 1, "CONTOSO", "admin", 0),
            Services,
            new TerminalSession("pc-01", 2, "CONTOSO", "ann", 0),
            new TerminalSession("PC-01", 3, string.Empty, "ben\u001b[2J", 4),
            new TerminalSession("PC-011", 2, "CONTOSO", "eve", 0));
        Assert.Equal([new UserSession(2, @"CONTOSO\ann", true), new UserSession(3, "ben?[2J", false)], await AskAsync());
        Small.List(Services);
        Assert.Empty((await AskAsync())!);
    }

    [Fact]
    public async Task A_long_name_is_cut_and_a_list_without_end_is_no_answer()
    {
        Small.List(new TerminalSession("PC-01", 2, "D", new string('x', 5000), 0));
        Assert.Equal(512, Assert.Single((await AskAsync())!).UserName.Length);
        Small.List([.. Enumerable.Range(0, 1025).Select(id => new TerminalSession("PC-01", id, "D", "x", 0))]);
        Assert.Null(await AskAsync());
    }

    [Fact]
    public async Task A_machine_that_is_not_listed_is_unknown()
    {
        Small.List(Services with { VmName = "PC-02" });
        Assert.Null(await AskAsync());
    }

    [Fact]
    public async Task Two_machines_of_one_name_are_unknown()
    {
        Small.List(Services);
        Small.Add(new SmallVm { Name = "pc-01" });
        Assert.Null(await AskAsync());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Stopped")]
    public async Task A_host_whose_agent_does_not_run_knows_nobody(string? state)
    {
        Small.List(Services);
        Small.ServiceState = state;
        Assert.Null(await AskAsync());
    }

    [Fact]
    public async Task Whoever_may_not_see_services_knows_nobody()
    {
        Small.List(Services);
        Small.OnCall = call =>
        {
            if (call == "query Win32_Service")
            {
                throw new CimFailureException(CimStatus.AccessDenied, "HRESULT 0x80041003", "Access denied");
            }
        };
        Assert.Null(await AskAsync());
    }

    [Fact]
    public async Task A_list_that_fails_or_hangs_is_no_answer_and_one_that_hangs_is_not_asked_for_again()
    {
        Small.List(Services);
        Small.Sessions = Task.FromException<IReadOnlyList<TerminalSession>?>(new InvalidOperationException());
        Assert.Null(await AskAsync());
        var hung = new TaskCompletionSource<IReadOnlyList<TerminalSession>?>();
        Small.Sessions = hung.Task;
        Assert.Null(await AskAsync());
        Small.List(Services);
        Assert.Null(await AskAsync());
        hung.SetResult(null);
        Assert.Empty((await AskAsync())!);
    }

    [Fact]
    public async Task The_sessions_of_another_host_are_not_asked_for_here()
    {
        Small.List(Services);
        using HyperVHypervisor far = await HyperVHypervisor.OpenAsync(
            new SchemaCheckedClient(Small.Connect("HV01")), SmallHost.Options(Small), CancellationToken.None);
        Assert.Null(await far.GetSessionsAsync(_host.Vm, CancellationToken.None));
    }

    private Task<IReadOnlyList<UserSession>?> AskAsync() => _host.HyperV.GetSessionsAsync(_host.Vm, CancellationToken.None);
}
