using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Tests.Tasks;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;
using VmUpdate.Simulation.Guests;
using VmUpdate.Simulation.Support;
using VmUpdate.Simulation.World;
using Xunit;

namespace VmUpdate.Core.Tests.Guests;

/// <summary>Guests that are absent, hang, or mean harm: the host and its other guests go on.</summary>
public sealed class HostAgentBadInputTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);
    private static readonly Guid Run = new("0f8fad5b-d9cb-469f-a165-70867728950e");
    private static readonly byte[] Context = [1, 2, 3];

    private readonly TempFolder _folder = new();
    private readonly ScriptedHost _host = new();
    private readonly MemoryGuestPort _port = new();
    private readonly ConcurrentQueue<GuestTaskReport> _reports = new();
    private readonly ConcurrentQueue<VmKey> _silent = new();
    private readonly VmUpdateStore _store;
    private readonly VmKey _vm;
    private HostAgent _agent = null!;

    public HostAgentBadInputTests()
    {
        _store = VmUpdateStore.Open(_folder.File("store"), new StoreOptions { Files = new HostFileSystem() });
        _vm = Personal(1);
        Begin();
    }

    public void Dispose()
    {
        _agent.Dispose();
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_agent_that_is_absent_is_not_waited_for_longer_than_said()
    {
        Begin(answerTimeout: Short);
        using Stream nobody = _port.Connect(_vm);
        var watch = Stopwatch.StartNew();
        GuestException failure = await Assert.ThrowsAsync<GuestException>(() => _agent.WaitUntilReadyAsync(_vm, Short, None));
        Assert.Equal((GuestFailure.GuestNotReached, true), (failure.Failure, failure.IsTransient));
        Assert.Contains("PC1", failure.Message, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed, Short, Patience);
        await FailsAsync(GuestFailure.GuestNotReached, () => HandOverAsync(Context));
        Assert.Null(await _agent.GetSessionsAsync(_vm, None));
        Assert.Equal(GuestReply.Silent, await _agent.GetComputerNameAsync(_vm, Short, None));
    }

    [Fact]
    public async Task A_machine_without_a_channel_fails_at_once_and_says_what_to_do()
    {
        _port.Refuse = vm => new HypervisorException(HypervisorFailure.HostNotUsable, "PC1", "it has no channel; add one.");
        var watch = Stopwatch.StartNew();
        GuestException failure = await Assert.ThrowsAsync<GuestException>(() => _agent.WaitUntilReadyAsync(_vm, TimeSpan.FromMinutes(10), None));
        Assert.Equal(GuestFailure.GuestNotReached, failure.Failure);
        Assert.Contains("add one", failure.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < Patience);
        Assert.Equal(GuestReply.Unavailable, await _agent.GetComputerNameAsync(_vm, Patience, None));

        // Only what is told about the machine makes it be tried again.
        using var limit = new CancellationTokenSource(Patience);
        for (int before = 0; before != _port.Openings[_vm];)
        {
            before = _port.Openings[_vm];
            await Task.Delay(Short, limit.Token);
        }

        _port.Refuse = _ => null;
        using ChannelGuest guest = ChannelGuest.Begin(_port.Connect(_vm));
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
    }

    [Fact]
    public async Task A_machine_without_a_channel_is_told_from_a_silent_one_whatever_else_happens_to_it()
    {
        _port.Refuse = vm => new HypervisorException(HypervisorFailure.HostNotUsable, "PC1", "it has no channel; add one.");
        using var end = new CancellationTokenSource(Patience);
        Task events = Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                _port.Tell(_vm);
                await Task.Yield();
            }
        });
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(GuestReply.Unavailable, await _agent.GetComputerNameAsync(_vm, Patience, None));
        }

        await end.CancelAsync();
        await events;
    }

    [Fact]
    public async Task A_guest_that_hangs_is_told_silent_and_the_next_connection_is_tried()
    {
        Begin(pingEvery: TimeSpan.FromMilliseconds(50), answerTimeout: Short);
        using ChannelGuest guest = ChannelGuest.Begin(_port.Connect(_vm));
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
        guest.AnswersPings = false;
        await UntilAsync(() => !_silent.IsEmpty);
        using ChannelGuest next = ChannelGuest.Begin(_port.Connect(_vm));
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
    }

    [Fact]
    public async Task A_guest_that_reads_nothing_holds_nobody_up()
    {
        Begin(answerTimeout: Short);
        Stream stream = _port.Connect(_vm);
        await stream.WriteAsync(MessageCodec.Encode(new Hello(1, 1, "deaf", "PC", [], []) { RequestId = "g" }));
        await UntilAsync(() => _agent.Channels.Any(channel => channel.IsReady));
        await FailsAsync(GuestFailure.GuestNotReached, () => HandOverAsync(new byte[TaskPayload.MaxLength]));
        await UntilAsync(() => !_silent.IsEmpty);
    }

    [Fact]
    public async Task Garbage_and_a_line_of_10_MB_are_passed_over_and_counted()
    {
        using ChannelGuest guest = ChannelGuest.Begin(_port.Connect(_vm));
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
        await guest.SayAsync([0xFF, 0xFE, 0x00, (byte)'\n']);
        await guest.SayAsync("{\"type\":\"taskReport\"}\n{}\n[]\nnonsense\n"u8.ToArray());
        byte[] chunk = [.. Enumerable.Repeat((byte)'x', 64 * 1024)];
        for (int i = 0; i < 160; i++)
        {
            await guest.SayAsync(chunk);
        }

        await guest.SayAsync("\n"u8.ToArray());
        await guest.SayAsync(new TaskReport(Run, 1, 3, null, false, string.Empty));
        await UntilAsync(() => _reports.Count == 1);
        Assert.Equal(6, _agent.Channels.Single().Dropped);
        Assert.Empty(_silent);
    }

    [Fact]
    public async Task A_guest_that_floods_is_slowed_down_and_others_are_served()
    {
        Begin(messagesPerSecond: 100);
        VmKey other = Personal(2);
        using ChannelGuest flooding = ChannelGuest.Begin(_port.Connect(_vm));
        using ChannelGuest calm = ChannelGuest.Begin(_port.Connect(other));
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
        using var end = new CancellationTokenSource();
        Task flood = Task.Run(async () =>
        {
            byte[] lines = [.. Enumerable.Range(0, 50).SelectMany(_ => MessageCodec.Encode(new TaskReport(Run, 1, 3, null, false, string.Empty)))];
            while (!end.IsCancellationRequested)
            {
                await flooding.SayAsync(lines);
            }
        });
        var watch = Stopwatch.StartNew();
        await UntilAsync(() => _reports.Count >= 400);
        for (int i = 0; i < 20; i++)
        {
            await _agent.WaitUntilReadyAsync(other, Patience, None);
            await Task.Delay(50);
        }

        // Four seconds' worth were saved up, and one read is taken whole before the guest waits.
        Assert.InRange(_reports.Count, 400, 400 + (100 * watch.Elapsed.TotalSeconds) + 1000);
        await end.CancelAsync();
        flooding.Dispose();
        await Task.WhenAny(flood);
    }

    [Fact]
    public async Task A_guest_of_a_future_protocol_is_refused_clearly_and_nothing_but_hello_is_said()
    {
        var guest = new ChannelGuest(_port.Connect(_vm)) { OldestVersion = 7, NewestVersion = 9 };
        await guest.GreetAsync();
        GuestException failure = await Assert.ThrowsAsync<GuestException>(() => _agent.WaitUntilReadyAsync(_vm, Patience, None));
        Assert.Equal(GuestFailure.GuestRefused, failure.Failure);
        Assert.Contains("versions 7 to 9", failure.Message, StringComparison.Ordinal);
        Assert.Contains("1 to 1", failure.Message, StringComparison.Ordinal);
        await guest.SayAsync(Request() with { RequestId = "r" });
        await guest.SayAsync(new TaskReport(Run, 1, 3, null, false, string.Empty));
        await UntilAsync(() => _agent.Channels.Single().Dropped == 2);
        Assert.Empty(_reports);
        Assert.Empty(_store.GetTasks(_host.HostId));
        guest.Dispose();
        await foreach (GuestMessage heard in guest.Heard.ReadAllAsync())
        {
            Assert.IsType<Hello>(heard);
        }
    }

    [Fact]
    public async Task An_older_and_a_newer_guest_that_both_speak_our_version_are_spoken_with()
    {
        var guest = new ChannelGuest(_port.Connect(_vm)) { OldestVersion = 1, NewestVersion = 9 };
        await guest.GreetAsync();
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);

        // What only a newer guest knows: a new field, and a new message.
        await guest.SayAsync(Encoding.UTF8.GetBytes($"{{\"type\":\"taskReport\",\"runId\":\"{Run}\",\"attempt\":1,\"status\":3,\"mood\":\"good\"}}\n"));
        await guest.SayAsync("{\"type\":\"teleport\",\"requestId\":\"t1\"}\n"u8.ToArray());
        Assert.Equal(ReplyCodes.NotSupported, (await guest.HearAsync<Reply>(reply => reply.To == "t1")).Code);
        Assert.Single(_reports);

        // What a host says, and a guest may not.
        await guest.SayAsync(new RestartGuest { RequestId = "t2" });
        Assert.Equal(ReplyCodes.NotSupported, (await guest.HearAsync<Reply>(reply => reply.To == "t2")).Code);
        guest.Dispose();
    }

    [Fact]
    public async Task A_guest_that_claims_to_be_another_machine_asks_for_itself()
    {
        VmKey other = Personal(2);
        using var guest = new ChannelGuest(_port.Connect(_vm)) { ComputerName = "PC2" };
        await guest.GreetAsync();
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
        UpdateRequest request = Request();
        foreach (PayloadPart part in PayloadAssembler.Split(request.Id, Context))
        {
            await guest.SayAsync(part);
        }

        string line = Encoding.UTF8.GetString(MessageCodec.Encode(request with { RequestId = "r" }));
        await guest.SayAsync(Encoding.UTF8.GetBytes(line.Replace("{", $"{{\"vm\":\"{other.VmId}\",\"vmId\":\"{other.VmId}\",\"target\":\"PC2\",", StringComparison.Ordinal)));
        Assert.True((await guest.HearAsync<Reply>(reply => reply.To == "r")).IsDone);
        Assert.Equal(_vm, Assert.Single(_store.GetOpenRuns(_host.HostId)).Vm);
        Assert.Equal("guest of PC1", Assert.Single(_store.GetTasks(_host.HostId)).Task.RegisteredBy);

        // Nor does it report for another: the channel says whose report it is.
        await guest.SayAsync(new TaskReport(Run, 1, 3, null, false, string.Empty));
        await UntilAsync(() => !_reports.IsEmpty);
        Assert.Equal(_vm, _reports.Single().Vm);
    }

    [Fact]
    public async Task Paths_and_quotes_meant_for_a_shell_are_no_names_or_only_words()
    {
        WritePolicy("""{ "payloadKinds": ["Context", "Script", "Command"] }""");
        using ChannelGuest guest = await ReadyGuestAsync();
        UpdateRequest request = Request();
        foreach (string evil in new[] { "../../etc/passwd", "a\"; rm -rf / #", "$(reboot)", "a b", "%SystemRoot%", "..\\x" })
        {
            byte[] line = MessageCodec.Encode(request with { Id = Guid.NewGuid(), RequestId = "evil" });
            string text = Encoding.UTF8.GetString(line).Replace("WindowsUpdate", System.Text.Json.JsonEncodedText.Encode(evil).ToString(), StringComparison.Ordinal);
            await guest.SayAsync(Encoding.UTF8.GetBytes(text));
        }

        await UntilAsync(() => _agent.Channels.Single().Dropped == 6);
        Reply reply = await guest.RequestAsync(Request() with { PayloadKind = "Script", FileName = "../../x.sh" }, Context);
        Assert.False(reply.IsDone);
        Assert.Empty(_store.GetTasks(_host.HostId));

        reply = await guest.RequestAsync(Request() with { Name = "\"; rm -rf / # $(x) `y` ../.." }, Context);
        Assert.True(reply.IsDone, reply.Message);
        Assert.StartsWith("\"; rm -rf / # $(x) `y` ../.. (PC1, ", Assert.Single(_store.GetTasks(_host.HostId)).Task.Name, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Payloads_that_are_wrong_out_of_order_or_too_large_are_refused_and_the_next_one_is_taken()
    {
        using ChannelGuest guest = await ReadyGuestAsync();
        UpdateRequest request = Request();
        Assert.Equal(ReplyCodes.PayloadMismatch, (await guest.RequestAsync(request, [9, 9, 9])).Code);
        Assert.Equal(ReplyCodes.PayloadMismatch, (await guest.RequestAsync(request, [])).Code);

        await guest.SayAsync(new PayloadPart(request.Id, 1, [2, 3]));
        await guest.SayAsync(new PayloadPart(request.Id, 0, [1]));
        Assert.Equal(ReplyCodes.PayloadMismatch, (await guest.RequestAsync(request with { Id = Guid.NewGuid() }, [])).Code);

        byte[] large = new byte[(64 * 1024) + 1];
        UpdateRequest tooLarge = Request() with { PayloadLength = large.Length, PayloadHash = PayloadAssembler.HashOf(large) };
        Assert.Equal(ReplyCodes.NotAllowed, (await guest.RequestAsync(tooLarge, large)).Code);
        Assert.Empty(_store.GetTasks(_host.HostId));
        Assert.True((await guest.RequestAsync(request, Context)).IsDone);
    }

    [Fact]
    public async Task Requests_that_are_not_allowed_come_too_late_or_too_often_are_answered_with_why()
    {
        WritePolicy("""{ "kinds": ["Configuration"], "instructors": ["WindowsUpdate"], "maxRequestsPerHour": 2, "maxOpenRequests": 2 }""");
        using ChannelGuest guest = await ReadyGuestAsync();
        UpdateRequest allowed = Request() with { Kind = "Configuration" };
        Assert.Equal(ReplyCodes.NotAllowed, (await guest.RequestAsync(Request(), Context)).Code);
        Assert.Equal(ReplyCodes.NotAllowed, (await guest.RequestAsync(allowed with { Instructor = "Other" }, Context)).Code);
        Assert.Equal(ReplyCodes.NotAllowed, (await guest.RequestAsync(allowed with { IsUrgent = true }, Context)).Code);
        Assert.Equal(ReplyCodes.TooLate, (await guest.RequestAsync(allowed with { Deadline = DateTime.UtcNow.AddMinutes(-1) }, Context)).Code);
        Reply first = await guest.RequestAsync(allowed, Context);
        Assert.True(first.IsDone, first.Message);
        Reply again = await guest.RequestAsync(allowed, Context);
        Assert.Equal((first.IsDone, first.Message), (again.IsDone, again.Message));
        Assert.True((await guest.RequestAsync(allowed with { Id = Guid.NewGuid() }, Context)).IsDone);
        Assert.Equal(ReplyCodes.TooMany, (await guest.RequestAsync(allowed with { Id = Guid.NewGuid() }, Context)).Code);
        Assert.Equal(2, _store.GetTasks(_host.HostId).Count);
    }

    [Fact]
    public async Task A_request_before_hello_is_passed_over_and_taken_after_it()
    {
        using var guest = new ChannelGuest(_port.Connect(_vm));
        await guest.SayAsync(Request() with { RequestId = "early" });
        await guest.GreetAsync();
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
        Assert.Empty(_store.GetTasks(_host.HostId));
        Assert.True((await guest.RequestAsync(Request(), Context)).IsDone);
    }

    [Fact]
    public async Task A_host_that_cannot_write_down_says_so_without_its_paths()
    {
        _agent.Dispose();
        Begin();
        _agent.Requests = new BrokenRequests();
        using ChannelGuest guest = await ReadyGuestAsync();
        Reply reply = await guest.RequestAsync(Request(), []);
        Assert.Equal((false, ReplyCodes.Failed), (reply.IsDone, reply.Code));
        Assert.DoesNotContain("/var", reply.Message, StringComparison.Ordinal);
        _agent.Dispose();
        Begin();
        _agent.Requests = null;
        using ChannelGuest other = await ReadyGuestAsync();
        Assert.Equal(ReplyCodes.NotSupported, (await other.RequestAsync(Request(), [])).Code);
    }

    [Fact]
    public async Task What_cannot_be_said_to_a_guest_is_refused_before_it_is_said()
    {
        using ChannelGuest guest = await ReadyGuestAsync();
        GuestException failure = await Assert.ThrowsAsync<GuestException>(() => _agent.HandOverAsync(
            _vm, new GuestTask(Run, 1, SampleTask.Make() with { Instructor = "Windows Update" }, TaskPayload.FromContext(Context), false), None));
        Assert.Equal(GuestFailure.GuestRefused, failure.Failure);
        Assert.Contains("'Windows Update'", failure.Message, StringComparison.Ordinal);
        await FailsAsync(GuestFailure.GuestRefused, () => _agent.SendMessageAsync(_vm, 1, new string('x', 5000), None));
        HypervisorException foreign = await Assert.ThrowsAsync<HypervisorException>(() => _agent.CancelAsync(new VmKey("another", _vm.VmId), Run, 1, None));
        Assert.Equal(HypervisorFailure.WrongHost, foreign.Failure);
    }

    private static UpdateRequest Request() => new(
        Guid.NewGuid(), "Patch", "OperatingSystemUpgrade", "WindowsUpdate", false, null, null, null, "Context", string.Empty, Context.Length, PayloadAssembler.HashOf(Context));

    private static async Task FailsAsync(GuestFailure expected, Func<Task> call) => Assert.Equal(expected, (await Assert.ThrowsAsync<GuestException>(call)).Failure);

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!isSo())
        {
            await Task.Delay(5, limit.Token);
        }
    }

    private Task HandOverAsync(byte[] payload) =>
        _agent.HandOverAsync(_vm, new GuestTask(Run, 1, SampleTask.Make(), TaskPayload.FromContext(payload), false), None);

    private async Task<ChannelGuest> ReadyGuestAsync()
    {
        ChannelGuest guest = ChannelGuest.Begin(_port.Connect(_vm));
        await _agent.WaitUntilReadyAsync(_vm, Patience, None);
        return guest;
    }

    private VmKey Personal(int number)
    {
        VirtualMachine machine = _host.Add(number, VmPowerState.Running);
        _store.Write(t => t.SaveMachine(new MachineRecord(machine.Key, machine.Name, MachineRole.Personal, null)));
        return machine.Key;
    }

    private void WritePolicy(string content)
    {
        GuestPolicyFile.Replace(_store, Encoding.UTF8.GetBytes(content));
        Begin();
    }

    private void Begin(TimeSpan? pingEvery = null, int messagesPerSecond = 500, TimeSpan? answerTimeout = null)
    {
        _agent?.Dispose();
        _agent = new HostAgent(new HostAgentOptions
        {
            Hypervisor = _host, Port = _port, AnswerTimeout = answerTimeout ?? Patience, FirstRetry = TimeSpan.FromMilliseconds(5),
            PingEvery = pingEvery ?? TimeSpan.FromSeconds(30), MessagesPerSecond = messagesPerSecond, BytesPerSecond = 64 << 20,
        })
        {
            Requests = new GuestRequests(_store, _host.HostId, SystemClock.Instance, () => { }),
        };
        _agent.Listen(_reports.Enqueue, _silent.Enqueue);
    }

    private sealed class BrokenRequests : IGuestRequests
    {
        public int MaxPayloadLength => 0;

        public Task<GuestAnswer> AskAsync(GuestRequest request, CancellationToken cancellation) =>
            throw new StoreException(StoreFailure.NotWritable, "/var/lib/vmupdate", "/var/lib/vmupdate: there is no room left.");
    }
}
