namespace VmUpdate.Core.Broker;

/// <summary>How much of the host updates may take.</summary>
public sealed record HostLimits
{
    /// <summary>How many machines may be awake for updates at once, those left awake included; 1 or more. Default 2.</summary>
    public int MaxAwake { get; init; } = 2;

    /// <summary>How many runs may be under way at once; 1 or more. Default 4.</summary>
    public int MaxRuns { get; init; } = 4;

    /// <summary>How many machines of one volume may be awake for updates at once; 1 or more. Default 2.</summary>
    public int MaxAwakePerVolume { get; init; } = 2;

    /// <summary>How many runs of one instructor may be under way at once; 1 or more. Default 4.</summary>
    public int MaxRunsPerInstructor { get; init; } = 4;

    /// <summary>From this use of the processors on nothing is started, in percent: 1 to 99, or 100 for no ceiling. Default 70.</summary>
    public int CpuCeilingPercent { get; init; } = 70;

    /// <summary>How far the use must fall below the ceiling before something is started again, in percent: 0 or more. Default 10.</summary>
    public int CpuHysteresisPercent { get; init; } = 10;

    /// <summary>The memory that stays free, in bytes. Default 4 GiB. The greater of this and <see cref="ReservePercent"/> counts.</summary>
    public long ReserveBytes { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>The part of the host's memory that stays free, in percent: 0 to 90. Default 10.</summary>
    public int ReservePercent { get; init; } = 10;

    /// <summary>The room that stays free on a volume when a machine is saved again, in bytes. Default 2 GiB.</summary>
    public long VolumeReserveBytes { get; init; } = 2L * 1024 * 1024 * 1024;

    /// <summary>How long nothing more is woken after a machine was, so that its load shows. Default 60 seconds.</summary>
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest delay by chance of a scheduled start, so that hosts of one storage do not begin in one moment. Default 30 seconds.</summary>
    public TimeSpan StartJitter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How old a measurement may be. Default 60 seconds.</summary>
    public TimeSpan MeasurementAge { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether the administrator says that the host is in maintenance, so that nothing begins. Default no.</summary>
    public bool IsInMaintenance { get; init; }

    /// <summary>
    /// How long ended runs, their journal, and tasks that have nothing more to do are kept; a day or more. Default 90 days.
    /// </summary>
    public TimeSpan KeepHistory { get; init; } = TimeSpan.FromDays(90);

    /// <summary>The memory that stays free on a host, in bytes.</summary>
    /// <param name="totalMemoryBytes">The host's memory, in bytes.</param>
    /// <returns>The reserve, in bytes.</returns>
    public long ReserveOf(long totalMemoryBytes) => Math.Max(ReserveBytes, totalMemoryBytes / 100 * ReservePercent);

    /// <summary>What is wrong with the limits.</summary>
    /// <returns>One sentence; <see langword="null"/> when nothing is.</returns>
    public string? WhyNotUsable()
    {
        if (MaxAwake < 1 || MaxRuns < 1 || MaxAwakePerVolume < 1 || MaxRunsPerInstructor < 1)
        {
            return "A number of machines or runs must be 1 or more: suspend the host to have none.";
        }

        if (CpuCeilingPercent is < 1 or > 100 || CpuHysteresisPercent < 0 || CpuHysteresisPercent >= CpuCeilingPercent)
        {
            return "The ceiling of the processors is 1 to 100 percent, and what they must fall below it is less than that.";
        }

        if (ReserveBytes < 0 || ReservePercent is < 0 or > 90 || VolumeReserveBytes < 0)
        {
            return "A reserve is not negative, and at most 90 percent of the memory.";
        }

        if (KeepHistory < TimeSpan.FromDays(1))
        {
            return "What happened is kept for a day at least.";
        }

        return SettleTime < TimeSpan.Zero || StartJitter < TimeSpan.Zero || MeasurementAge < TimeSpan.FromSeconds(1)
            ? "A time is not negative, and a measurement may be a second old at least."
            : null;
    }
}
