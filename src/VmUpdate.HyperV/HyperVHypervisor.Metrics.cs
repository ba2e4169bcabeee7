using System.Globalization;
using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

public sealed partial class HyperVHypervisor
{
    private const long BytesPerKibibyte = 1024;

    // The counter is of the time since it was last read, so the first reading is thrown away; within a second the last one is as good.
    private static readonly TimeSpan CounterTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _measuring = new(1, 1);
    private (TimeSpan At, double Percent)? _lastLoad;

    /// <inheritdoc/>
    /// <remarks>
    /// The processors' use is the hypervisor's own count over all partitions: Windows on the host sees only what it uses itself. The first
    /// call takes a second.
    /// </remarks>
    public async Task<HostLoad> GetLoadAsync(CancellationToken cancellation)
    {
        double percent = await MeasureAsync(cancellation).ConfigureAwait(false);
        CimRecord system = (await QuerySystemAsync(new CimQuery(Names.SystemNamespace, Names.OperatingSystem.Class), cancellation).ConfigureAwait(false))
            .FirstOrNone() ?? throw NoAnswer(Names.OperatingSystem.Class);
        var volumes = new Dictionary<string, long>(StringComparer.OrdinalIgnoreCase);
        foreach (CimRecord volume in await ReadVolumesAsync(cancellation).ConfigureAwait(false))
        {
            volumes[volume.Text(Names.Volume.Name)] = volume.Number(Names.Volume.FreeSpace) ?? 0;
        }

        return new HostLoad(
            percent,
            (system.Number(Names.OperatingSystem.FreePhysicalMemory) ?? 0) * BytesPerKibibyte,
            (system.Number(Names.OperatingSystem.TotalVisibleMemorySize) ?? 0) * BytesPerKibibyte)
        {
            VolumeFreeBytes = volumes,
            IsInMaintenance = await _cluster.IsPausedAsync(HostName, cancellation).ConfigureAwait(false),
        };
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A machine with dynamic memory may want its maximum, save while it runs or as it was saved: then it has, or is given back, what Hyper-V
    /// says it has.
    /// </remarks>
    public async Task<VmFootprint> GetFootprintAsync(VmKey vm, CancellationToken cancellation)
    {
        CimRecord system = await FindAsync(vm, cancellation).ConfigureAwait(false);
        string name = NameOf(system);
        CimRecord settings = await ReadSettingsAsync(system, cancellation).ConfigureAwait(false);
        CimRecord memory = (await ReadComponentsAsync(settings, Names.MemorySettings.Class, name, cancellation).ConfigureAwait(false))
            .FirstOrNone() ?? throw NoAnswer(Names.MemorySettings.Class);
        long bytes = await ReadMemoryAsync(system, memory, cancellation).ConfigureAwait(false);
        string folder = settings.Text(Names.SystemSettings.SuspendDataRoot);
        string volume = (await ReadVolumesAsync(cancellation).ConfigureAwait(false))
            .Select(found => found.Text(Names.Volume.Name))
            .Where(root => root.Length > 0 && folder.StartsWith(root, StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(root => root.Length)
            .FirstOrDefault() ?? string.Empty;
        return new VmFootprint(bytes, volume);
    }

    /// <summary>The bytes of one unit: <c>byte * 2^20</c>, or <c>byte</c>.</summary>
    private static long UnitOf(string units)
    {
        int power = units.IndexOf("2^", StringComparison.Ordinal);
        return power < 0 ? 1 : 1L << int.Parse(units.Substring(power + 2), CultureInfo.InvariantCulture);
    }

    private async Task<long> ReadMemoryAsync(CimRecord system, CimRecord memory, CancellationToken cancellation)
    {
        long unit = UnitOf(memory.Text(Names.MemorySettings.AllocationUnits));
        long atStart = (memory.Number(Names.MemorySettings.VirtualQuantity) ?? 0) * unit;
        if (!memory.Flag(Names.MemorySettings.DynamicMemoryEnabled))
        {
            return atStart;
        }

        if (StateOf(system) != VmPowerState.Off)
        {
            CimRecord? present = (await ReadDevicesAsync(system, Names.Memory.Class, cancellation).ConfigureAwait(false)).FirstOrNone();
            if (present?.Number(Names.Memory.BlockSize) * present?.Number(Names.Memory.NumberOfBlocks) is > 0 and var bytes)
            {
                return bytes;
            }
        }

        return Math.Max(atStart, (memory.Number(Names.MemorySettings.Limit) ?? 0) * unit);
    }

    private async Task<double> MeasureAsync(CancellationToken cancellation)
    {
        await _measuring.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            TimeSpan now = _options.Clock.Monotonic;
            if (_lastLoad is { } recent && now - recent.At < CounterTime)
            {
                return recent.Percent;
            }

            if (_lastLoad is null || now - _lastLoad.Value.At > LongestLook)
            {
                _ = await ReadProcessorsAsync(cancellation).ConfigureAwait(false);
                await _options.Clock.Delay(CounterTime, cancellation).ConfigureAwait(false);
            }

            double percent = await ReadProcessorsAsync(cancellation).ConfigureAwait(false);
            _lastLoad = (_options.Clock.Monotonic, percent);
            return percent;
        }
        finally
        {
            _measuring.Release();
        }
    }

    private async Task<double> ReadProcessorsAsync(CancellationToken cancellation)
    {
        CimRecord all = (await QuerySystemAsync(
            new CimQuery(Names.SystemNamespace, Names.LogicalProcessor.Class, Names.LogicalProcessor.Name, HyperVValues.AllProcessors), cancellation)
            .ConfigureAwait(false)).FirstOrNone() ?? throw NoAnswer(Names.LogicalProcessor.Class);
        return Math.Max(0, Math.Min(100, all.Number(Names.LogicalProcessor.PercentTotalRunTime) ?? 0));
    }

    private Task<IReadOnlyList<CimRecord>> ReadVolumesAsync(CancellationToken cancellation) =>
        QuerySystemAsync(new CimQuery(Names.SystemNamespace, Names.Volume.Class), cancellation);

    private Task<IReadOnlyList<CimRecord>> QuerySystemAsync(CimQuery query, CancellationToken cancellation) =>
        _calls.QueryAsync(query, HostName, "asking for the host's load", cancellation);

    private HypervisorException NoAnswer(string className) => new(
        HypervisorFailure.HostNotUsable, HostName, $"the host has no instance of {className}. Its performance counters may be damaged: lodctr /R rebuilds them.");
}
