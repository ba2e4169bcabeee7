using System.Globalization;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>May one more run begin, may one more machine be woken? Every no has its reason and its numbers.</summary>
internal sealed class LoadGate
{
    private readonly Dictionary<string, int> _awakePerVolume = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _runsPerInstructor = new(StringComparer.OrdinalIgnoreCase);
    private bool _isCpuClosed;
    private bool _isMemoryClosed;
    private TimeSpan? _lastWake;
    private TimeSpan _measured;

    /// <summary>The limits.</summary>
    public HostLimits Limits { get; set; } = new();

    /// <summary>What was measured last; <see langword="null"/> before the first time.</summary>
    public HostLoad? Load { get; private set; }

    /// <summary>How many machines are awake for updates.</summary>
    public int Awake { get; private set; }

    /// <summary>How many runs are under way.</summary>
    public int Runs { get; private set; }

    /// <summary>The memory of machines that are being woken, which no measurement shows yet, in bytes.</summary>
    public long UnseenBytes { get; private set; }

    /// <summary>Takes a measurement.</summary>
    /// <param name="load">The load.</param>
    /// <param name="now">The time, monotonic.</param>
    public void Measure(HostLoad load, TimeSpan now)
    {
        Load = load;
        _measured = now;

        // Closed at the ceiling, open again only well below it: or the gate would swing with every machine that it lets in. A number that is none closes it.
        // A ceiling of 100 is none.
        bool isWithoutCeiling = Limits.CpuCeilingPercent == 100 && load.CpuPercent <= 100;
        _isCpuClosed = !(isWithoutCeiling || load.CpuPercent < (_isCpuClosed ? Limits.CpuCeilingPercent - Limits.CpuHysteresisPercent : Limits.CpuCeilingPercent));
    }

    /// <summary>Whether the host lets a run begin at all.</summary>
    /// <param name="now">The time, monotonic.</param>
    /// <returns>The decision.</returns>
    public GateDecision MayRun(TimeSpan now)
    {
        if (Load is not { } load)
        {
            return new(RunReason.WaitingForMeasurement, "the host's load was not measured yet");
        }

        if (load.IsShuttingDown)
        {
            return new(RunReason.HostShuttingDown, "the host is shutting down");
        }

        if (load.IsInMaintenance || Limits.IsInMaintenance)
        {
            return new(RunReason.HostInMaintenance, "the host is in maintenance");
        }

        if (Runs >= Limits.MaxRuns)
        {
            return new(RunReason.WaitingForRunSlot, Text("{0} of {1} runs are under way", Runs, Limits.MaxRuns));
        }

        if (now - _measured > Limits.MeasurementAge)
        {
            return new(
                RunReason.WaitingForMeasurement,
                Text("the host's load was measured {0:0} s ago, at most {1:0} s count", (now - _measured).TotalSeconds, Limits.MeasurementAge.TotalSeconds));
        }

        return _isCpuClosed
            ? new(
                RunReason.WaitingForCpu,
                Text("{0:0} % of the processors in use, ceiling {1} %, opens below {2} %", load.CpuPercent, Limits.CpuCeilingPercent, Limits.CpuCeilingPercent - Limits.CpuHysteresisPercent))
            : GateDecision.Open;
    }

    /// <summary>Whether one more run of an instructor may begin.</summary>
    /// <param name="instructor">The instructor.</param>
    /// <returns>The decision.</returns>
    public GateDecision MayRunFor(string instructor)
    {
        int runs = Count(_runsPerInstructor, instructor);
        return runs < Limits.MaxRunsPerInstructor
            ? GateDecision.Open
            : new(RunReason.WaitingForInstructor, Text("{0} of {1} runs of '{2}' are under way", runs, Limits.MaxRunsPerInstructor, instructor));
    }

    /// <summary>Whether any machine may be woken.</summary>
    /// <param name="now">The time, monotonic.</param>
    /// <returns>The decision.</returns>
    public GateDecision MayWake(TimeSpan now)
    {
        if (Awake >= Limits.MaxAwake)
        {
            return new(RunReason.WaitingForAwakeSlot, Text("{0} of {1} machines are awake for updates", Awake, Limits.MaxAwake));
        }

        return SettlesIn(now) is { } left
            ? new(RunReason.WaitingForSettling, Text("{0:0} s left of the {1:0} s after the last wake", left.TotalSeconds, Limits.SettleTime.TotalSeconds))
            : GateDecision.Open;
    }

    /// <summary>How long the machine that was woken last has to settle.</summary>
    /// <param name="now">The time, monotonic.</param>
    /// <returns>The time left; <see langword="null"/> when it has settled.</returns>
    public TimeSpan? SettlesIn(TimeSpan now) =>
        _lastWake is { } last && last + Limits.SettleTime > now ? last + Limits.SettleTime - now : null;

    /// <summary>Whether a certain machine may be woken.</summary>
    /// <param name="memoryBytes">The memory that it will take, in bytes: none when it is only paused.</param>
    /// <param name="saveBytes">The room that saving it will take, in bytes.</param>
    /// <param name="volume">Its volume.</param>
    /// <returns>The decision.</returns>
    public GateDecision MayWakeVm(long memoryBytes, long saveBytes, string volume)
    {
        if (Load is not { } load)
        {
            return new(RunReason.WaitingForMeasurement, "the host's load was not measured yet");
        }

        long reserve = Limits.ReserveOf(load.TotalMemoryBytes);
        if (memoryBytes > load.TotalMemoryBytes - reserve)
        {
            return new(
                RunReason.NeverFits,
                $"{ByteCount.Text(memoryBytes)} needed + {ByteCount.Text(reserve)} reserve, the host has {ByteCount.Text(load.TotalMemoryBytes)}");
        }

        int awake = Count(_awakePerVolume, volume);
        if (awake >= Limits.MaxAwakePerVolume)
        {
            return new(RunReason.WaitingForVolume, Text("{0} of {1} machines on '{2}' are awake for updates", awake, Limits.MaxAwakePerVolume, volume));
        }

        if (load.VolumeFreeBytes.TryGetValue(volume, out long room) && room < saveBytes + Limits.VolumeReserveBytes)
        {
            return new(
                RunReason.WaitingForRoom,
                $"{ByteCount.Text(room)} free on '{volume}', {ByteCount.Text(saveBytes)} to save it again + {ByteCount.Text(Limits.VolumeReserveBytes)} reserve");
        }

        // The margin of one eighth keeps it from swinging, unless the host could never give it.
        long margin = _isMemoryClosed && memoryBytes <= load.TotalMemoryBytes - reserve - (reserve / 8) ? reserve / 8 : 0;
        long free = load.FreeMemoryBytes - UnseenBytes;
        _isMemoryClosed = memoryBytes > 0 && free < memoryBytes + reserve + margin;
        return _isMemoryClosed
            ? new(
                RunReason.WaitingForMemory,
                $"{ByteCount.Text(Math.Max(0, free))} free, {ByteCount.Text(memoryBytes)} needed + {ByteCount.Text(reserve + margin)} reserve")
            : GateDecision.Open;
    }

    /// <summary>Counts a run.</summary>
    /// <param name="instructor">Its instructor.</param>
    /// <param name="by">1 when it begins, -1 when it ends.</param>
    public void CountRun(string instructor, int by)
    {
        Runs += by;
        Add(_runsPerInstructor, instructor, by);
    }

    /// <summary>Counts a machine that is awake for updates.</summary>
    /// <param name="volume">Its volume.</param>
    /// <param name="by">1 or -1.</param>
    public void CountAwake(string volume, int by)
    {
        Awake += by;
        Add(_awakePerVolume, volume, by);
    }

    /// <summary>Notes that a machine is being woken.</summary>
    /// <param name="memoryBytes">The memory that it will take, in bytes.</param>
    /// <param name="now">The time, monotonic.</param>
    public void BeginWake(long memoryBytes, TimeSpan now)
    {
        UnseenBytes += memoryBytes;
        _lastWake = now;
    }

    /// <summary>Notes that a wake has ended, so that measurements show the machine.</summary>
    /// <param name="memoryBytes">The memory that was counted.</param>
    public void EndWake(long memoryBytes) => UnseenBytes -= memoryBytes;

    private static int Count(Dictionary<string, int> counts, string name) => counts.TryGetValue(name, out int count) ? count : 0;

    private static void Add(Dictionary<string, int> counts, string name, int by)
    {
        int count = Count(counts, name) + by;
        if (count == 0)
        {
            counts.Remove(name);
        }
        else
        {
            counts[name] = count;
        }
    }

    private static string Text(string format, params object[] values) => string.Format(CultureInfo.InvariantCulture, format, values);
}
