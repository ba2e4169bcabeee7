using System.Collections.Concurrent;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;

namespace VmUpdate.Simulation.World;

/// <summary>A host behind the real ports, for tests of the broker's driver: machines that do at once what is asked, and guests that follow a script.</summary>
public sealed class ScriptedHost : IHypervisor, IHostMetrics, IUserSessions, IGuestTasks
{
    private readonly ConcurrentDictionary<VmKey, VirtualMachine> _machines = new();
    private readonly ConcurrentDictionary<VmKey, ConcurrentDictionary<string, string>> _marks = new();
    private readonly ConcurrentDictionary<(Guid Run, int Attempt), GuestTaskReport> _known = new();
    private Action<GuestTaskReport>? _onReport;

    /// <inheritdoc/>
    public string HostId => "scripted";

    /// <inheritdoc/>
    public string HostName => "scripted";

    /// <inheritdoc/>
    public bool DisksAreHere => false;

    public bool HasDifferencingDisks => true;

    /// <summary>What a guest says after it got a task.</summary>
    public Func<GuestTask, IEnumerable<GuestStatus>> Script { get; set; } = _ => [GuestStatus.Applying, GuestStatus.Success];

    /// <summary>What guests were handed.</summary>
    public ConcurrentQueue<(VmKey Vm, GuestTask Task)> HandedOver { get; } = new();

    /// <summary>What was asked of machines, in order.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>The load that is measured.</summary>
    public HostLoad Load { get; set; } = new(5, 60L << 30, 64L << 30);

    /// <summary>The most machines that ran at once, of those that were asleep in the beginning.</summary>
    public int MostAwake { get; private set; }

    /// <summary>Adds a machine.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="state">What it does.</param>
    /// <returns>The machine.</returns>
    public VirtualMachine Add(int number, VmPowerState state)
    {
        var machine = new VirtualMachine(new VmKey(HostId, new Guid(number, 0, 0, new byte[8])), $"PC{number}", state, false, string.Empty);
        _machines[machine.Key] = machine;
        return machine;
    }

    /// <summary>A guest says something.</summary>
    /// <param name="report">What it says.</param>
    public void Say(GuestTaskReport report)
    {
        _known[(report.RunId, report.Attempt)] = report;
        _onReport?.Invoke(report);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<VirtualMachine>> ListAsync(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<VirtualMachine>>([.. _machines.Values.OrderBy(m => m.Name, StringComparer.Ordinal)]);

    /// <inheritdoc/>
    public Task<VirtualMachine> GetAsync(VmKey vm, CancellationToken cancellation) => Task.FromResult(_machines[vm]);

    /// <inheritdoc/>
    public Task StartAsync(VmKey vm, CancellationToken cancellation) => To(vm, VmPowerState.Running, "start");

    /// <inheritdoc/>
    public Task ShutDownAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation) => To(vm, VmPowerState.Off, "shut down");

    /// <inheritdoc/>
    public Task SaveAsync(VmKey vm, CancellationToken cancellation) => To(vm, VmPowerState.Saved, "save");

    /// <inheritdoc/>
    public Task PauseAsync(VmKey vm, CancellationToken cancellation) => To(vm, VmPowerState.Paused, "pause");

    /// <inheritdoc/>
    public Task ResumeAsync(VmKey vm, CancellationToken cancellation) => To(vm, VmPowerState.Running, "resume");

    /// <inheritdoc/>
    public Task<IReadOnlyList<VmDisk>> GetDisksAsync(VmKey vm, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<VmDisk>>([]);

    /// <inheritdoc/>
    public Task SwitchDiskAsync(VmKey vm, DiskLocation location, string oldPath, string newPath, CancellationToken cancellation) =>
        throw new NotSupportedException("A broker switches no disk.");

    /// <inheritdoc/>
    public Task<IReadOnlyList<AttachedDisk>> ListDisksAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<AttachedDisk>>([]);

    /// <inheritdoc/>
    public Task DeleteDiskAsync(string path, CancellationToken cancellation) => throw new NotSupportedException("A broker deletes no disk.");

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, string>> GetMarksAsync(VmKey vm, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyDictionary<string, string>>(new Dictionary<string, string>(MarksOf(vm)));

    /// <inheritdoc/>
    public Task SetMarkAsync(VmKey vm, string mark, string? text, CancellationToken cancellation)
    {
        if (text is null)
        {
            MarksOf(vm).TryRemove(mark, out _);
        }
        else
        {
            MarksOf(vm)[mark] = text;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<HostLoad> GetLoadAsync(CancellationToken cancellation) => Task.FromResult(Load);

    /// <inheritdoc/>
    public Task<VmFootprint> GetFootprintAsync(VmKey vm, CancellationToken cancellation) => Task.FromResult(new VmFootprint(2L << 30, "C:"));

    /// <inheritdoc/>
    public Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<UserSession>?>([]);

    /// <inheritdoc/>
    public Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task WaitUntilReadyAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task HandOverAsync(VmKey vm, GuestTask task, CancellationToken cancellation)
    {
        HandedOver.Enqueue((vm, task));
        _known[(task.RunId, task.Attempt)] = new GuestTaskReport(vm, task.RunId, task.Attempt, (int)GuestStatus.Searching, null, false, string.Empty);
        foreach (GuestStatus status in Script(task))
        {
            Say(new GuestTaskReport(vm, task.RunId, task.Attempt, (int)status, null, false, string.Empty));
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<GuestTaskReport?> GetProgressAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation)
    {
        GuestTaskReport? report = _known.GetValueOrDefault((runId, attempt));
        if (report is not null)
        {
            _onReport?.Invoke(report);
        }

        return Task.FromResult(report);
    }

    /// <inheritdoc/>
    public Task CancelAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation)
    {
        Say(new GuestTaskReport(vm, runId, attempt, (int)GuestStatus.Failed, null, false, "given up"));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task RestartAsync(VmKey vm, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public IDisposable Listen(Action<GuestTaskReport> onReport, Action<VmKey> onSilent)
    {
        _onReport = onReport;
        return new Deafness(() => _onReport = null);
    }

    private ConcurrentDictionary<string, string> MarksOf(VmKey vm) => _marks.GetOrAdd(vm, _ => new());

    private Task To(VmKey vm, VmPowerState state, string call)
    {
        Calls.Enqueue($"{call} {_machines[vm].Name}");
        _machines[vm] = _machines[vm] with { State = state };
        MostAwake = Math.Max(MostAwake, _machines.Values.Count(m => m.State == VmPowerState.Running));
        return Task.CompletedTask;
    }

    private sealed class Deafness(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
