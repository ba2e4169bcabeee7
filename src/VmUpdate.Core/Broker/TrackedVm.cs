using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>A machine in the broker's state.</summary>
internal sealed class TrackedVm
{
    /// <summary>How many runs one wake serves before the machine gives its place to another.</summary>
    public const int MostRunsPerWake = 8;

    /// <summary>Makes it.</summary>
    /// <param name="machine">What it is.</param>
    public TrackedVm(TargetMachine machine) => Machine = machine;

    /// <summary>What it is.</summary>
    public TargetMachine Machine { get; set; }

    /// <summary>What it is known by.</summary>
    public VmKey Key => Machine.Key;

    /// <summary>What it does; <see cref="VmPowerState.Changing"/> until it was seen.</summary>
    public VmPowerState Power { get; set; } = VmPowerState.Changing;

    /// <summary>The volume it is saved on.</summary>
    public string Volume { get; set; } = string.Empty;

    /// <summary>Whether it was suspended.</summary>
    public bool IsHeld { get; set; }

    /// <summary>Whether it was restored from the store and not seen since.</summary>
    public bool NeedsRecovery { get; set; }

    /// <summary>All its runs that have not ended.</summary>
    public HashSet<TrackedRun> Open { get; } = [];

    /// <summary>Its runs that may start by their schedule, in their order.</summary>
    public SortedDictionary<RunKey, TrackedRun> Queue { get; } = [];

    /// <summary>The run that is under way; <see langword="null"/> when none is.</summary>
    public TrackedRun? Active { get; set; }

    /// <summary>The key under which it stands in one of the lists of those that may begin.</summary>
    public RunKey? Offered { get; set; }

    /// <summary>Whether that is the list of those that must be woken.</summary>
    public bool IsOfferedAsleep { get; set; }

    /// <summary>What is being done with it.</summary>
    public VmCare Care { get; set; }

    /// <summary>The state that it was found in, to put it back to.</summary>
    public VmPowerState Found { get; set; }

    /// <summary>When it was woken, in UTC.</summary>
    public DateTime Woken { get; set; }

    /// <summary>The volume that the gate counts it for, and the memory that the gate counts as unseen.</summary>
    public (string Volume, long UnseenBytes) Counted { get; set; }

    /// <summary>How many runs this wake has served.</summary>
    public int RunsThisWake { get; set; }

    /// <summary>The run that ended last in this wake.</summary>
    public TrackedRun? LastRun { get; set; }

    /// <summary>What the guest may be in the midst of for runs that are not under way: it said so, or its run ended without its word. The newest last.</summary>
    public List<BusyRun> BusyWith { get; } = [];

    /// <summary>Whether the guest is asked about that before the machine is left awake for it.</summary>
    public bool MustAskOfWork { get; set; }

    /// <summary>The number of the action that is under way for it; 0 when none is.</summary>
    public long PendingAction { get; set; }

    /// <summary>The sessions seen last; <see langword="null"/> when they cannot be known or were not seen.</summary>
    public IReadOnlyList<UserSession>? Sessions { get; set; }

    /// <summary>The sessions that were active at wake; <see langword="null"/> when not known.</summary>
    public IReadOnlyList<int>? Baseline { get; set; }

    /// <summary>All sessions that were there at wake, also those without their user; <see langword="null"/> when not known.</summary>
    public IReadOnlyList<int>? BaselineAll { get; set; }

    /// <summary>Whether a baseline was taken, known or not.</summary>
    public bool HasBaseline { get; set; }

    /// <summary>Sessions that became active after the wake.</summary>
    public HashSet<int> Arrived { get; } = [];

    /// <summary>How often putting it back failed.</summary>
    public int PutBackFailures { get; set; }

    /// <summary>When something is to be tried again, monotonic.</summary>
    public TimeSpan? TryAgain { get; set; }

    /// <summary>Why it was left awake.</summary>
    public RunReason LeftReason { get; set; }

    /// <summary>The same in one sentence.</summary>
    public string LeftDetail { get; set; } = string.Empty;

    /// <summary>Whether it must be woken to be worked on.</summary>
    public bool IsAsleep => Power is VmPowerState.Off or VmPowerState.Saved or VmPowerState.Paused;

    /// <summary>Whether the broker must look at it as time goes by.</summary>
    public bool IsWatched => Active is not null || Care != VmCare.None;

    /// <summary>The memory that waking it takes: a paused machine has its memory already.</summary>
    public long WakeBytes => Power == VmPowerState.Paused ? 0 : Machine.MemoryBytes;

    /// <summary>Whether a run on it could begin now, as far as it is concerned.</summary>
    public bool IsFree =>
        Active is null && !NeedsRecovery && PendingAction == 0
        && (Care == VmCare.None ? Power != VmPowerState.Changing : Care == VmCare.Awake && Power == VmPowerState.Running && RunsThisWake < MostRunsPerWake && BusyWith.Count == 0);
}
