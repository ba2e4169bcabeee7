using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;

namespace VmUpdate.PowerShell.Output;

/// <summary>How busy a host is, how much of it updates may take, and what its task broker says. Sizes are in bytes, times in UTC.</summary>
public sealed class VmUpdateHostStatus
{
    internal VmUpdateHostStatus(string computerName, HostLoad load, HostLimits limits, BrokerStatus? said, bool isBrokerRunning, IReadOnlyList<AwakeMachine> awake, int openRuns, GuestPolicyReading guests)
    {
        ComputerName = computerName;
        CpuPercent = load.CpuPercent;
        FreeMemory = load.FreeMemoryBytes;
        TotalMemory = load.TotalMemoryBytes;
        InMaintenance = load.IsInMaintenance || limits.IsInMaintenance;
        ShuttingDown = load.IsShuttingDown;
        Suspended = said is { IsSuspended: true };
        BrokerRunning = isBrokerRunning;
        WhyNoRun = said?.WhyNoRun ?? string.Empty;
        WhyNoWake = said?.WhyNoWake ?? string.Empty;
        LastStep = said?.Stepped;
        OpenRuns = openRuns;
        Awake = new NameList(awake.Select(VmUpdateBrokerResult.Describe));
        MaxAwake = limits.MaxAwake;
        MaxRuns = limits.MaxRuns;
        MaxAwakePerVolume = limits.MaxAwakePerVolume;
        MaxRunsPerInstructor = limits.MaxRunsPerInstructor;
        CpuCeilingPercent = limits.CpuCeilingPercent;
        CpuHysteresisPercent = limits.CpuHysteresisPercent;
        MemoryReserve = limits.ReserveOf(load.TotalMemoryBytes);
        VolumeReserve = limits.VolumeReserveBytes;
        SettleTime = limits.SettleTime;
        StartJitter = limits.StartJitter;
        MeasurementAge = limits.MeasurementAge;
        KeepHistory = limits.KeepHistory;
        GuestPolicy = guests.ToString();
        GuestPolicyPath = guests.Path;
    }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <summary>The use of its processors, in percent.</summary>
    public double CpuPercent { get; }

    /// <summary>Its free memory.</summary>
    public long FreeMemory { get; }

    /// <summary>Its memory.</summary>
    public long TotalMemory { get; }

    /// <summary>Whether it is in maintenance: nothing begins.</summary>
    public bool InMaintenance { get; }

    /// <summary>Whether it is shutting down: nothing begins.</summary>
    public bool ShuttingDown { get; }

    /// <summary>Whether all work was suspended: nothing begins.</summary>
    public bool Suspended { get; }

    /// <summary>Whether a task broker of this account runs on it.</summary>
    public bool BrokerRunning { get; }

    /// <summary>Why the broker began nothing when it looked last; empty when it could.</summary>
    public string WhyNoRun { get; }

    /// <summary>Why the broker woke nothing when it looked last; empty when it could.</summary>
    public string WhyNoWake { get; }

    /// <summary>When the broker last had something to write down.</summary>
    public DateTime? LastStep { get; }

    /// <summary>How many runs have not ended.</summary>
    public int OpenRuns { get; }

    /// <summary>The machines that are awake for updates, or were left so.</summary>
    public NameList Awake { get; }

    /// <summary>How many machines may be awake for updates at once.</summary>
    public int MaxAwake { get; }

    /// <summary>How many runs may be under way at once.</summary>
    public int MaxRuns { get; }

    /// <summary>How many machines of one volume may be awake for updates at once.</summary>
    public int MaxAwakePerVolume { get; }

    /// <summary>How many runs of one instructor may be under way at once.</summary>
    public int MaxRunsPerInstructor { get; }

    /// <summary>From this use of the processors on nothing begins, in percent.</summary>
    public int CpuCeilingPercent { get; }

    /// <summary>How far the use must fall below the ceiling before something begins again, in percent.</summary>
    public int CpuHysteresisPercent { get; }

    /// <summary>The memory that stays free.</summary>
    public long MemoryReserve { get; }

    /// <summary>The room that stays free on a volume when a machine is saved again.</summary>
    public long VolumeReserve { get; }

    /// <summary>How long nothing more is woken after a machine was.</summary>
    public TimeSpan SettleTime { get; }

    /// <summary>The longest delay by chance of a scheduled start.</summary>
    public TimeSpan StartJitter { get; }

    /// <summary>How old a measurement of the load may be.</summary>
    public TimeSpan MeasurementAge { get; }

    /// <summary>How long runs that have ended are kept to be read.</summary>
    public TimeSpan KeepHistory { get; }

    /// <summary>What guests may ask for: the default, what the policy file says, or why that cannot be used, so that every request is refused.</summary>
    public string GuestPolicy { get; }

    /// <summary>The policy file for the requests of guests, whether it is there or not.</summary>
    public string GuestPolicyPath { get; }

    /// <inheritdoc/>
    public override string ToString() => ComputerName;
}
