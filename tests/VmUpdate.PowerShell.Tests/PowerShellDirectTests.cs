using System.Collections;
using System.Management.Automation;
using System.Net;
using System.Reflection;
using VmUpdate.PowerShell.Tests.Support;
using Run = System.Func<System.Guid, string, object[], System.Threading.CancellationToken, System.Threading.Tasks.Task<System.Collections.Generic.IReadOnlyList<string>>>;

namespace VmUpdate.PowerShell.Tests;

/// <summary>
/// Guests by PowerShell Direct. The scripts are run by the real engine, in a runspace that stands for a guest, with functions in the place of
/// Windows' commands; the call into the guest itself needs a Hyper-V.
/// </summary>
public sealed class PowerShellDirectTests : IDisposable
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
    private static readonly Guid Vm = new("5f9c1b1e-0000-4000-8000-000000000001");

    private const string Commands =
        """
        $global:done = [Collections.Generic.List[string]]::new()
        $global:exit = 0
        function Get-CimInstance($ClassName, $Filter) { $global:processes }
        function Invoke-CimMethod($InputObject, $MethodName) { $InputObject.Owner }
        function msg.exe { $global:done.Add("msg.exe [$($args -join '][')]"); $global:LASTEXITCODE = $global:exit; 'noise' }
        function logoff.exe { $global:done.Add("logoff.exe [$($args -join '][')]"); $global:LASTEXITCODE = $global:exit }
        function Process($Session, $User, $Result = 0) {
            [pscustomobject] @{ ProcessId = 7; SessionId = $Session; Owner = [pscustomobject] @{ ReturnValue = $Result; Domain = 'CONTOSO'; User = $User } }
        }
        """;

    private readonly Engine _engine = new();
    private readonly Engine _guest = new();
    private readonly Type _type;
    private readonly object _vm;

    public PowerShellDirectTests()
    {
        var cmdlet = (CmdletInfo)_engine.RunWell("Get-Command Connect-VmUpdateHost").Single.BaseObject;
        _type = cmdlet.ImplementingType.Assembly.GetType("VmUpdate.PowerShell.Hosts.PowerShellDirect", throwOnError: true)!;
        _vm = Activator.CreateInstance(_type.GetMethod("LogOffAsync", Any)!.GetParameters()[0].ParameterType, "hyperv-x", Vm)!;
        _guest.RunWell(Commands);
    }

    public void Dispose()
    {
        _guest.Dispose();
        _engine.Dispose();
    }

    [Fact]
    public async Task Users_are_the_owners_of_shells_each_session_once()
    {
        _guest.RunWell("$global:processes = (Process 2 ann), (Process 2 ann), (Process 3 \"ben`e[2J\")");
        Assert.Equal(
            [@"UserSession { Id = 2, UserName = CONTOSO\ann, IsActive = True }", @"UserSession { Id = 3, UserName = CONTOSO\ben?[2J, IsActive = True }"],
            (await SessionsAsync(Guest))!);
        _guest.RunWell("$global:processes = @()");
        Assert.Empty((await SessionsAsync(Guest))!);
    }

    [Fact]
    public async Task A_shell_whose_owner_is_not_told_leaves_it_unknown()
    {
        _guest.RunWell("$global:processes = (Process 2 ann), (Process 3 $null 2)");
        Assert.Null(await SessionsAsync(Guest));
    }

    [Theory]
    [InlineData]
    [InlineData("2|D\\ann")]
    [InlineData("sessions", "")]
    [InlineData("sessions", "2|")]
    [InlineData("sessions", "-2|D\\ann")]
    [InlineData("sessions", "99999999999|D\\ann")]
    public async Task An_answer_that_is_none_leaves_it_unknown(params string[] lines) => Assert.Null(await SessionsAsync(Saying(lines)));

    [Fact]
    public async Task An_answer_is_taken_up_to_a_length()
    {
        Assert.Null(await SessionsAsync(Saying(["sessions", .. Enumerable.Repeat(@"2|D\ann", 1024)])));
        Assert.Null(await SessionsAsync(Saying(["sessions", "2|" + new string('x', 2000)])));
        Assert.Contains(new string('x', 512) + ",", Assert.Single((await SessionsAsync(Saying(["sessions", "2|" + new string('x', 1000)])))!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_is_one_argument_and_never_code_or_an_option()
    {
        await CallAsync(Guest, "SendMessageAsync", 2, "/SERVER:x \"$(throw)\"; 'a' \\");
        await CallAsync(Guest, "LogOffAsync", 2);
        Assert.Equal([@"msg.exe [2][ /SERVER:x '$(throw)'; 'a' \ ]", "logoff.exe [2]"], _guest.RunWell("$global:done").Output.Select(line => line.ToString()));
        Assert.Equal("GuestRefused", await FailsAsync(Guest, "SendMessageAsync", 2, new string('x', 4097)));
    }

    [Fact]
    public async Task A_command_that_fails_in_the_guest_is_an_error_whose_words_move_no_cursor()
    {
        _guest.RunWell("$global:exit = 5");
        Assert.Equal("GuestNotReached", await FailsAsync(Guest, "SendMessageAsync", 2, "x"));
        Assert.Equal("GuestNotReached", await FailsAsync(Guest, "LogOffAsync", 2));
        Exception failure = (await Record.ExceptionAsync(() => CallAsync((_, _, _, _) => throw new RuntimeException("\u001b[2J"), "LogOffAsync", 2)))!;
        Assert.Equal($"{Vm}: its guest did not do it by PowerShell Direct: ?[2J", failure.Message);
    }

    [Fact]
    public async Task A_guest_that_hangs_is_given_up_and_the_call_is_ended()
    {
        bool isEnded = false;
        Run hanging = (_, _, _, cancellation) =>
        {
            cancellation.Register(() => isEnded = true);
            return new TaskCompletionSource<IReadOnlyList<string>>().Task;
        };
        Assert.Null(await SessionsAsync(hanging));
        Assert.True(isEnded);
        Assert.Equal("GuestReply { Kind = Silent, ComputerName =  }", (await CallAsync(hanging, "GetComputerNameAsync", TimeSpan.FromSeconds(0.3)))!.ToString());
    }

    [Fact]
    public async Task A_guest_says_what_it_is_called()
    {
        Assert.Equal(
            $"GuestReply {{ Kind = Answered, ComputerName = {Environment.MachineName} }}",
            (await CallAsync(Guest, "GetComputerNameAsync", TimeSpan.FromSeconds(5)))!.ToString());
        Assert.Contains("Silent", (await CallAsync(Saying("a\u001bb"), "GetComputerNameAsync", TimeSpan.FromSeconds(0.2)))!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_Hyper_V_the_call_itself_fails_and_does_not_tell_the_password()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "This is Windows.");
        object direct = _type.GetMethod("By", Any)!.Invoke(null, [new PSCredential("anna", new NetworkCredential(string.Empty, "correct horse").SecurePassword)])!;
        Exception failure = (await Record.ExceptionAsync(() => CallAsync(direct, "LogOffAsync", 2)))!;
        Assert.Equal("GuestException", failure.GetType().Name);
        Assert.DoesNotContain("correct horse", failure.ToString(), StringComparison.Ordinal);
        Assert.Null(await CallAsync(direct, "GetSessionsAsync"));
    }

    private static Run Saying(params string[] lines) => (_, _, _, _) => Task.FromResult<IReadOnlyList<string>>(lines);

    /// <summary>Stands for a guest: its engine runs the script with the arguments, and its words come back as text.</summary>
    private Task<IReadOnlyList<string>> Guest(Guid vm, string script, object[] arguments, CancellationToken cancellation)
    {
        Assert.Equal(Vm, vm);
        RunResult result = _guest.Run("$given = $2; & ([scriptblock]::Create($1)) @given", script, arguments);
        return result.Errors.Count == 0
            ? Task.FromResult<IReadOnlyList<string>>([.. result.Output.Select(line => line.ToString())])
            : throw new RuntimeException(result.Errors[0].ToString());
    }

    private async Task<string[]?> SessionsAsync(Run run) =>
        await CallAsync(run, "GetSessionsAsync") is IEnumerable sessions ? [.. sessions.Cast<object>().Select(session => session.ToString()!)] : null;

    private async Task<string> FailsAsync(Run run, string method, params object[] arguments)
    {
        Exception failure = (await Record.ExceptionAsync(() => CallAsync(run, method, arguments)))!;
        return (string)failure.GetType().GetProperty("Code")!.GetValue(failure)!;
    }

    private Task<object?> CallAsync(Run run, string method, params object[] arguments) =>
        CallAsync(Activator.CreateInstance(_type, Any, null, [run, TimeSpan.FromSeconds(2)], null)!, method, arguments);

    private async Task<object?> CallAsync(object direct, string method, params object[] arguments)
    {
        var task = (Task)_type.GetMethod(method, Any)!.Invoke(direct, BindingFlags.DoNotWrapExceptions, null, [_vm, .. arguments, CancellationToken.None], null)!;
        await task;
        return task.GetType().GetProperty("Result")?.GetValue(task);
    }
}
