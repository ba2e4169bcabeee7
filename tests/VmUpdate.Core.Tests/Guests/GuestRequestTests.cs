using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Guests;

/// <summary>Requests of guests become tasks, or are refused: what the host decides, without a channel.</summary>
public sealed class GuestRequestTests : IDisposable
{
    private const string Host = "host";
    private static readonly byte[] Context = [1, 2, 3];

    private readonly TempFolder _folder = new();
    private readonly VmKey _vm = new(Host, Guid.NewGuid());
    private VmUpdateStore _store;
    private GuestRequests _requests;
    private int _wakes;

    public GuestRequestTests()
    {
        _store = Open();
        _requests = Make();
        Declare(_vm, "PC-01", MachineRole.Personal);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_allowed_request_is_a_task_of_that_machine_on_the_disk_before_it_is_answered()
    {
        UpdateRequest request = Request();
        GuestAnswer answer = await AskAsync(request);
        Assert.True(answer.IsAccepted, answer.Message);
        TaskRecord record = Assert.Single(OnDisk().Tasks);
        Assert.Equal(("guest of PC-01", request.Id, "WindowsUpdate"), (record.Task.RegisteredBy, record.Task.GuestRequest, record.Task.Instructor));
        Assert.StartsWith("Patch Tuesday (PC-01, ", record.Task.Name, StringComparison.Ordinal);
        Assert.Equal(_vm, Assert.Single(OnDisk().Runs).Vm);
        Assert.Equal(Context, _store.GetPayload(record.Task).Bytes.ToArray());
        await WaitAsync(() => Volatile.Read(ref _wakes) > 0);
    }

    [Fact]
    public async Task The_same_request_is_accepted_once_and_gets_the_same_answer_also_from_the_next_broker()
    {
        UpdateRequest request = Request();
        GuestAnswer first = await AskAsync(request);
        Assert.Equal(first, await AskAsync(request));
        Reopen();
        Assert.Equal(first, await AskAsync(request));

        // Also without its payload: what was accepted is accepted.
        Assert.Equal(first, await _requests.AskAsync(new GuestRequest(_vm, "PC-01", request, null), default));
        Assert.Single(OnDisk().Tasks);

        // An id is the machine's own: another machine may have the same.
        var other = new VmKey(Host, Guid.NewGuid());
        Declare(other, "PC-02", MachineRole.Personal);
        Assert.True((await AskAsync(request, other, "PC-02")).IsAccepted);
        Assert.Equal(2, OnDisk().Tasks.Count);
    }

    [Fact]
    public async Task Many_at_once_and_the_same_twice_at_once_are_each_accepted_once()
    {
        WritePolicy("{ \"maxRequestsPerHour\": 1000, \"maxOpenRequests\": 1000 }");
        UpdateRequest[] requests = [.. Enumerable.Range(0, 300).Select(_ => Request())];
        GuestAnswer[] answers = await Task.WhenAll(requests.Concat(requests).Select(request => AskAsync(request)));
        Assert.All(answers, answer => Assert.True(answer.IsAccepted, answer.Message));
        Assert.Equal(300, OnDisk().Tasks.Count);
    }

    [Fact]
    public async Task Another_request_with_the_id_of_an_accepted_one_is_refused()
    {
        UpdateRequest request = Request();
        await AskAsync(request);
        Refused(ReplyCodes.Failed, await AskAsync(request with { Instructor = "Other" }));
        Assert.Single(OnDisk().Tasks);
    }

    [Fact]
    public async Task Without_a_policy_a_personal_machine_may_ask_for_little_and_others_for_nothing()
    {
        Assert.True((await AskAsync(Request())).IsAccepted);
        Refused(ReplyCodes.NotAllowed, await AskAsync(Request() with { IsUrgent = true }));
        Refused(ReplyCodes.NotAllowed, await AskAsync(Request() with { PayloadKind = "Command" }));
        Refused(ReplyCodes.NotAllowed, await AskAsync(Request() with { PayloadKind = "Script", FileName = "a.ps1" }));
        Refused(ReplyCodes.NotAllowed, await AskAsync(Request() with { PayloadLength = (64 * 1024) + 1 }));
        Refused(ReplyCodes.NotAllowed, await AskAsync(Request() with { Kind = "Miracle" }));
        Refused(ReplyCodes.NotAllowed, await AskAsync(Request() with { Kind = "3" }));
        Refused(ReplyCodes.NotAllowed, await AskAsync(Request(), new VmKey(Host, Guid.NewGuid()), "UNDECLARED"));
        var pooled = new VmKey(Host, Guid.NewGuid());
        _store.Write(t => t.SavePool(new PoolRecord("P", Host, "/m.vhdx", TimeSpan.FromDays(1))));
        _store.Write(t => t.SaveMachine(new MachineRecord(pooled, "POOLED", MachineRole.Pooled, "P")));
        Refused(ReplyCodes.NotAllowed, await AskAsync(Request(), pooled, "POOLED"));
        Assert.Single(OnDisk().Tasks);
    }

    [Fact]
    public async Task The_policy_says_which_machines_kinds_instructors_and_payloads()
    {
        WritePolicy("""
            {
              "$schema": "guest-policy.schema.json", // for editors
              "machines": ["PC-*"], "kinds": ["Configuration"], "instructors": ["Script*"], "payloadKinds": ["Script"], "allowUrgent": true,
              "maxPayloadBytes": 3, "maxRequestsPerHour": 100, "maxOpenRequests": 100,
            }
            """);
        UpdateRequest allowed = Request() with { Kind = "Configuration", Instructor = "ScriptRunner", PayloadKind = "Script", FileName = "fix.ps1", IsUrgent = true };
        Assert.True((await AskAsync(allowed)).IsAccepted);
        Assert.True(Assert.Single(OnDisk().Tasks).Task is { IsUrgent: true, Payload.FileName: "fix.ps1" });
        Refused(ReplyCodes.NotAllowed, await AskAsync(allowed with { Id = Guid.NewGuid(), Kind = "ApplicationInstall" }));
        Refused(ReplyCodes.NotAllowed, await AskAsync(allowed with { Id = Guid.NewGuid(), Instructor = "WindowsUpdate" }));
        Refused(ReplyCodes.NotAllowed, await AskAsync(allowed with { Id = Guid.NewGuid(), PayloadKind = "Context" }));
        Refused(ReplyCodes.NotAllowed, await AskAsync(allowed with { Id = Guid.NewGuid(), PayloadLength = 4 }));
        Refused(ReplyCodes.Failed, await AskAsync(allowed with { Id = Guid.NewGuid(), FileName = "../fix.ps1" }));
        Refused(ReplyCodes.Failed, await AskAsync(allowed with { Id = Guid.NewGuid(), FileName = "a\"; rm -rf $HOME #.ps1" }));
    }

    [Theory]
    [InlineData("{ \"allowUrgnt\": true }")]
    [InlineData("{ \"kinds\": [\"Everything\"] }")]
    [InlineData("{ \"kinds\": null }")]
    [InlineData("{ \"instructors\": [\"\"] }")]
    [InlineData("{ \"maxRequestsPerHour\": -1 }")]
    [InlineData("{ \"maxPayloadBytes\": 1048577 }")]
    [InlineData("{ \"format\": 2 }")]
    [InlineData("{ \"roles\": 7 }")]
    [InlineData("{ \"allowUrgent\": true")]
    [InlineData("null")]
    [InlineData("")]
    public async Task A_policy_that_cannot_be_used_allows_nothing_and_says_why(string content)
    {
        WritePolicy(content);
        Refused(ReplyCodes.NotAllowed, await AskAsync(Request()));
        GuestPolicyReading reading = GuestPolicyFile.Read(_store);
        Assert.Null(reading.Policy);
        Assert.NotEmpty(reading.Defect);
        TaskException refused = Assert.Throws<TaskException>(() => GuestPolicyFile.Replace(_store, System.Text.Encoding.UTF8.GetBytes(content)));
        Assert.Equal(TaskDefect.BadGuestPolicy, refused.Defect);
        Assert.Empty(OnDisk().Tasks);
    }

    [Fact]
    public async Task A_policy_that_others_may_write_allows_nothing()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("The rights are those of unix.");
            return;
        }

        WritePolicy("{ }");
        Assert.NotNull(GuestPolicyFile.Read(_store).Policy);
        File.SetUnixFileMode(Path.Combine(_folder.File("store"), GuestPolicyFile.FileName), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        Reopen();
        Refused(ReplyCodes.NotAllowed, await AskAsync(Request()));
        Assert.Contains("everybody", GuestPolicyFile.Read(_store).Defect, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_that_asks_too_often_or_has_too_much_open_waits_also_at_the_next_broker()
    {
        WritePolicy("{ \"maxRequestsPerHour\": 3, \"maxOpenRequests\": 2 }");
        Assert.True((await AskAsync(Request())).IsAccepted);
        Assert.True((await AskAsync(Request())).IsAccepted);
        Refused(ReplyCodes.TooMany, await AskAsync(Request()));
        _store.Write(t => _store.GetOpenRuns(Host).ToList().ForEach(run => t.SaveRun(run with { State = RunState.Succeeded, Ended = DateTime.UtcNow })));
        Reopen();
        Assert.True((await AskAsync(Request())).IsAccepted);
        Refused(ReplyCodes.TooMany, await AskAsync(Request()));
        Assert.Equal(3, OnDisk().Tasks.Count);
    }

    [Fact]
    public async Task What_is_refused_may_be_asked_again_and_is_judged_anew()
    {
        UpdateRequest request = Request() with { IsUrgent = true };
        Refused(ReplyCodes.NotAllowed, await AskAsync(request));
        WritePolicy("{ \"allowUrgent\": true }");
        Assert.True((await AskAsync(request)).IsAccepted);
    }

    [Fact]
    public async Task A_payload_that_is_not_what_was_announced_a_name_that_cannot_be_shown_and_a_time_that_is_over_are_refused()
    {
        Refused(ReplyCodes.PayloadMismatch, await _requests.AskAsync(new GuestRequest(_vm, "PC-01", Request(), null), default));
        Refused(ReplyCodes.Failed, await AskAsync(Request() with { Name = "evil\u001b[2J" }));
        Refused(ReplyCodes.Failed, await AskAsync(Request() with { Name = "evil\u202etxt" }));
        Refused(ReplyCodes.Failed, await AskAsync(Request() with { Name = new string('n', 120) }));
        Refused(ReplyCodes.Failed, await AskAsync(Request() with { EndTime = DateTime.UtcNow.AddHours(-1) }));
        Assert.Empty(OnDisk().Tasks);
    }

    [Fact]
    public async Task A_name_that_somebody_took_refuses_that_request_alone()
    {
        WritePolicy("{ \"maxRequestsPerHour\": 100, \"maxOpenRequests\": 100 }");
        UpdateRequest[] requests = [.. Enumerable.Range(0, 10).Select(_ => Request())];
        await AskAsync(requests[0]);
        UpdateTask taken = OnDisk().Tasks.Single().Task;
        var registrar = new TaskRegistrar(_store, Host, () => { });
        string name = taken.Name.Replace(requests[0].Id.ToString("N")[..12], requests[5].Id.ToString("N")[..12], StringComparison.Ordinal);
        registrar.Add(taken with { Id = Guid.NewGuid(), Name = name }, TaskPayload.FromContext(Context), []);
        registrar.Complete();
        GuestAnswer[] answers = await Task.WhenAll(requests.Select(request => AskAsync(request)));
        Assert.Equal([5], answers.Index().Where(answer => !answer.Item.IsAccepted).Select(answer => answer.Index));
    }

    [Fact]
    public async Task Requests_are_forgotten_with_their_tasks_and_not_before()
    {
        await AskAsync(Request());
        _store.Write(t => t.ForgetHistory(Host, DateTime.UtcNow.AddDays(1)));
        Assert.Single(_store.GetGuestRequestTimes(_vm, DateTime.MinValue));
        _store.Write(t => _store.GetOpenRuns(Host).ToList().ForEach(run => t.SaveRun(run with { State = RunState.Succeeded, Ended = DateTime.UtcNow })));
        _store.Write(t => t.ForgetHistory(Host, DateTime.UtcNow.AddDays(1)));
        Assert.Empty(_store.GetGuestRequestTimes(_vm, DateTime.MinValue));
        Assert.Empty(OnDisk().Tasks);
    }

    private static void Refused(string code, GuestAnswer answer) => Assert.Equal((false, code), (answer.IsAccepted, answer.Code));

    private static UpdateRequest Request() => new(
        Guid.NewGuid(), "Patch Tuesday", "OperatingSystemUpgrade", "WindowsUpdate", false, null, null, null, "Context", string.Empty, Context.Length, PayloadAssembler.HashOf(Context));

    private static async Task WaitAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!isSo())
        {
            await Task.Delay(5, limit.Token);
        }
    }

    private Task<GuestAnswer> AskAsync(UpdateRequest request, VmKey? vm = null, string name = "PC-01") =>
        _requests.AskAsync(new GuestRequest(vm ?? _vm, name, request, Context), default);

    /// <summary>What another process finds.</summary>
    private (IReadOnlyList<TaskRecord> Tasks, IReadOnlyList<UpdateRun> Runs) OnDisk()
    {
        using VmUpdateStore other = Open();
        return (other.GetTasks(Host), other.GetOpenRuns(Host));
    }

    private void Declare(VmKey vm, string name, MachineRole role) => _store.Write(t => t.SaveMachine(new MachineRecord(vm, name, role, null)));

    private void WritePolicy(string content)
    {
        File.WriteAllText(Path.Combine(_folder.File("store"), GuestPolicyFile.FileName), content);
        _requests = Make();
    }

    private void Reopen()
    {
        _store.Dispose();
        _store = Open();
        _requests = Make();
    }

    private VmUpdateStore Open() => VmUpdateStore.Open(_folder.File("store"), new StoreOptions { Files = new HostFileSystem() });

    private GuestRequests Make() => new(_store, Host, SystemClock.Instance, () => Interlocked.Increment(ref _wakes));
}
