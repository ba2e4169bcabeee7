using System.Collections.Concurrent;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Tests.Tasks;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;
using VmUpdate.Simulation.Guests;
using VmUpdate.Simulation.World;
using Xunit;

namespace VmUpdate.Core.Tests.Guests;

/// <summary>The host's end of the channels, with guests that behave.</summary>
public sealed class HostAgentTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly Guid Run = new("0f8fad5b-d9cb-469f-a165-70867728950e");

    private readonly ScriptedHost _host = new();
    private readonly MemoryGuestPort _port = new();
    private readonly ConcurrentQueue<GuestTaskReport> _reports = new();
    private readonly ConcurrentQueue<VmKey> _silent = new();
    private readonly HostAgent _agent;
    private readonly VmKey _vm;

    public HostAgentTests()
    {
        _vm = _host.Add(1, VmPowerState.Running).Key;
        _agent = new HostAgent(new HostAgentOptions
        {
            Hypervisor = _host, Port = _port, AnswerTimeout = TimeSpan.FromSeconds(5), FirstRetry = TimeSpan.FromMilliseconds(5),
        });
        _agent.Listen(_reports.Enqueue, _silent.Enqueue);
    }

    public void Dispose() => _agent.Dispose();

    [Fact]
    public async Task A_task_is_handed_over_byte_for_byte()
    {
        byte[] payload = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7 % 251))];
        using ChannelGuest guest = ChannelGuest.Begin(_port.Connect(_vm), Accept);
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
        UpdateTask task = SampleTask.Make();
        await _agent.HandOverAsync(_vm, new GuestTask(Run, 2, task, TaskPayload.FromContext(payload), MayRestart: true), None);
        var assembler = new PayloadAssembler();
        StartTask? start = null;
        while (start is null)
        {
            GuestMessage heard = await guest.HearAsync<GuestMessage>();
            start = heard as StartTask;
            if (heard is PayloadPart part)
            {
                assembler.Add(part);
            }
        }

        Assert.Equal(payload, assembler.Take(Run, start.PayloadLength, start.PayloadHash)!);
        Assert.Equal((Run, 2, task.Name, task.Instructor, true), (start.RunId, start.Attempt, start.Name, start.Instructor, start.MayRestart));
        Assert.NotNull(start.Deadline);
    }

    [Fact]
    public async Task Reports_are_told_in_their_order_and_are_the_channel_s_machine_s()
    {
        using ChannelGuest guest = ChannelGuest.Begin(_port.Connect(_vm));
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
        for (int status = 1; status <= 6; status++)
        {
            await guest.SayAsync(new TaskReport(Run, 1, status, status * 10, false, $"at {status}"));
        }

        await UntilAsync(() => _reports.Count == 6);
        Assert.Equal([1, 2, 3, 4, 5, 6], _reports.Select(report => report.Status));
        Assert.All(_reports, report => Assert.Equal((_vm, Run, 1), (report.Vm, report.RunId, report.Attempt)));
    }

    [Fact]
    public async Task A_guest_that_comes_back_says_where_each_of_its_runs_is()
    {
        ChannelGuest first = ChannelGuest.Begin(_port.Connect(_vm));
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
        first.Dispose();
        await UntilAsync(() => _silent.Count == 1);
        Assert.Empty(_reports);

        var second = new ChannelGuest(_port.Connect(_vm)) { Runs = [new RunOnGuest(Run, 3)], Answer = Report };
        await second.GreetAsync();
        await UntilAsync(() => !_reports.IsEmpty);
        Assert.All(_reports, report => Assert.Equal((Run, 3, (int)GuestStatus.Applying), (report.RunId, report.Attempt, report.Status)));
        second.Dispose();
    }

    [Fact]
    public async Task Who_begins_to_listen_late_hears_of_the_runs_too()
    {
        using var guest = new ChannelGuest(_port.Connect(_vm)) { Runs = [new RunOnGuest(Run, 1)], Answer = Report };
        await guest.GreetAsync();
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
        await UntilAsync(() => !_reports.IsEmpty);
        var late = new ConcurrentQueue<GuestTaskReport>();
        using IDisposable ear = _agent.Listen(late.Enqueue, _ => { });
        await UntilAsync(() => !late.IsEmpty);
    }

    [Fact]
    public async Task A_run_is_asked_for_and_given_up()
    {
        using ChannelGuest guest = ChannelGuest.Begin(_port.Connect(_vm), message => message switch
        {
            QueryTask { Attempt: 1 } query => new TaskReport(query.RunId, 1, 3, 40, true, "applying"),
            QueryTask query => new Reply(query.RequestId, false, ReplyCodes.UnknownRun, string.Empty),
            CancelTask { Attempt: 1 } cancel => new Reply(cancel.RequestId, true, string.Empty, string.Empty),
            CancelTask cancel => new Reply(cancel.RequestId, false, ReplyCodes.Failed, "no"),
            _ => null,
        });
        Assert.Equal(new GuestTaskReport(_vm, Run, 1, 3, 40, true, "applying"), await _agent.GetProgressAsync(_vm, Run, 1, None));
        Assert.Null(await _agent.GetProgressAsync(_vm, Run, 2, None));
        await _agent.CancelAsync(_vm, Run, 1, None);
        GuestException refused = await Assert.ThrowsAsync<GuestException>(() => _agent.CancelAsync(_vm, Run, 2, None));
        Assert.Equal(GuestFailure.GuestRefused, refused.Failure);
    }

    [Fact]
    public async Task Sessions_messages_and_names_go_through()
    {
        using ChannelGuest guest = ChannelGuest.Begin(_port.Connect(_vm), message => message switch
        {
            ListSessions list => new SessionList(list.RequestId, [new GuestSession(3, "anna\u001b[2J", true)]),
            ShowMessage or LogOffSession => new Reply(message.RequestId, true, string.Empty, string.Empty),
            _ => null,
        });
        Assert.Equal([new UserSession(3, "anna?[2J", true)], await _agent.GetSessionsAsync(_vm, None));
        await _agent.SendMessageAsync(_vm, 3, "please save", None);
        await _agent.LogOffAsync(_vm, 3, None);
        Assert.Equal("please save", (await guest.HearAsync<ShowMessage>()).Text);
        Assert.Equal(new GuestReply(GuestReplyKind.Answered, "PC-CALLED"), await _agent.GetComputerNameAsync(_vm, Patience, None));
    }

    [Fact]
    public async Task Users_are_told_by_our_agent_where_it_is_and_by_the_host_where_it_is_not()
    {
        var sessions = new GuestSessions(_agent, _host);
        Assert.Empty((await sessions.GetSessionsAsync(_vm, None))!);
        using ChannelGuest guest = ChannelGuest.Begin(
            _port.Connect(_vm), message => message is ListSessions list ? new SessionList(list.RequestId, [new GuestSession(3, "anna", false)]) : null);
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
        Assert.Equal([new UserSession(3, "anna", false)], await sessions.GetSessionsAsync(_vm, None));
    }

    [Fact]
    public async Task Guests_of_which_neither_knows_are_asked_in_another_way()
    {
        var direct = new DirectGuest();
        Assert.Empty((await new GuestSessions(_agent, _host, direct).GetSessionsAsync(_vm, None))!);
        var sessions = new GuestSessions(_agent, new DirectGuest { Sessions = null }, direct);
        Assert.Equal(direct.Sessions, await sessions.GetSessionsAsync(_vm, None));
        await sessions.SendMessageAsync(_vm, 5, "please save", None);
        await sessions.LogOffAsync(_vm, 5, None);
        Assert.Equal(["5: please save", "5: off"], direct.Done);
        var none = new DirectGuest { Name = GuestReply.Unavailable };
        Assert.Equal(direct.Name, await new GuestNames(none, direct).GetComputerNameAsync(_vm, Patience, None));
        Assert.Equal(GuestReply.Silent, await new GuestNames(new DirectGuest { Name = GuestReply.Silent }, direct).GetComputerNameAsync(_vm, Patience, None));
    }

    [Fact]
    public async Task A_restart_has_come_when_the_guest_begins_anew_on_the_same_port()
    {
        using ChannelGuest guest = ChannelGuest.Begin(_port.Connect(_vm), message =>
            message is RestartGuest ? new Reply(message.RequestId, true, string.Empty, string.Empty) : null);
        Task restart = _agent.RestartAsync(_vm, None);
        await guest.HearAsync<RestartGuest>();
        await UntilAsync(() => _agent.Channels.All(channel => !channel.IsReady));
        Assert.False(restart.IsCompleted);
        await guest.GreetAsync();
        await restart.WaitAsync(Patience);
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
    }

    [Fact]
    public async Task Channels_are_opened_as_machines_come_and_nobody_asks_meanwhile()
    {
        VmKey later = _host.Add(2, VmPowerState.Saved).Key;
        _port.Tell(later);
        await UntilAsync(() => _agent.Channels.Any(channel => channel.Vm == later && channel.Detail.Contains("Saved", StringComparison.Ordinal)));
        await Task.Delay(100);
        Assert.False(_port.Openings.ContainsKey(later));
        await _host.StartAsync(later, None);
        using ChannelGuest guest = ChannelGuest.Begin(_port.Connect(later));
        await UntilAsync(() => _agent.Channels.Any(channel => channel.Vm == later && channel.IsReady));
        Assert.Equal("test guest", _agent.Channels.Single(channel => channel.Vm == later).Program);
    }

    private static GuestMessage? Accept(GuestMessage message) =>
        message is StartTask ? new Reply(message.RequestId, true, string.Empty, string.Empty) : null;

    private static GuestMessage? Report(GuestMessage message) =>
        message is QueryTask query ? new TaskReport(query.RunId, query.Attempt, (int)GuestStatus.Applying, 50, false, string.Empty) : null;

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!isSo())
        {
            await Task.Delay(5, limit.Token);
        }
    }

    private sealed class DirectGuest : IUserSessions, IGuestChannel
    {
        public IReadOnlyList<UserSession>? Sessions { get; init; } = [new UserSession(5, "ben", true)];

        public GuestReply Name { get; init; } = new(GuestReplyKind.Answered, "PC-DIRECT");

        public List<string> Done { get; } = [];

        public Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation) => Task.FromResult(Sessions);

        public Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation)
        {
            Done.Add($"{session}: {message}");
            return Task.CompletedTask;
        }

        public Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation)
        {
            Done.Add($"{session}: off");
            return Task.CompletedTask;
        }

        public Task<GuestReply> GetComputerNameAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation) => Task.FromResult(Name);
    }
}
