using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

public sealed partial class LibvirtHypervisor
{
    private const long BytesPerKibibyte = 1024;

    // The load is that of the time between two looks: shorter it means little, longer it is history.
    private static readonly TimeSpan ShortestLook = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _measuring = new(1, 1);
    private (TimeSpan At, double Busy, double All)? _lastLook;
    private (TimeSpan At, double Percent) _lastLoad;

    /// <inheritdoc/>
    /// <remarks>The first call takes a second: a load is the difference of two looks.</remarks>
    public async Task<HostLoad> GetLoadAsync(CancellationToken cancellation)
    {
        double percent = await MeasureAsync(cancellation).ConfigureAwait(false);
        (long free, long total) = await _connection.RunAsync(ReadMemory, cancellation).ConfigureAwait(false);
        var volumes = new Dictionary<string, long>();
        if (DisksAreHere && FreeBytes(_host.SaveFolder) is { } room)
        {
            volumes[_host.SaveFolder] = room;
        }

        return new HostLoad(percent, free, total) { VolumeFreeBytes = volumes };
    }

    /// <inheritdoc/>
    public Task<VmFootprint> GetFootprintAsync(VmKey vm, CancellationToken cancellation) => WithAsync(
        vm,
        domain =>
        {
            ulong kibibytes = VirApi.GetMaxMemory(domain.Handle);
            return kibibytes > 0
                ? new VmFootprint(checked((long)kibibytes * BytesPerKibibyte), _host.SaveFolder)
                : throw LibvirtErrors.Last(domain.Name, "asking for its memory");
        },
        cancellation);

    private static (double Busy, double All) ReadProcessors(IntPtr connection)
    {
        Dictionary<string, double> times = ReadStats(
            (VirApi.NodeStat[]? stats, ref int count) => VirApi.GetProcessorStats(connection, VirApi.AllProcessors, stats, ref count, 0),
            "asking for the host's processor time");
        if (times.TryGetValue("utilization", out double percent))
        {
            throw new HypervisorException(
                HypervisorFailure.OperationFailed, "libvirt", $"its processor time is given as {percent} percent of an unknown time, which is not supported.");
        }

        double idle = times.TryGetValue("idle", out double slept) ? slept : 0;
        double waiting = times.TryGetValue("iowait", out double blocked) ? blocked : 0;
        double all = times.Values.Sum();
        return (all - idle - waiting, all);
    }

    private static Dictionary<string, double> ReadStats(StatsReader read, string what)
    {
        int count = 0;
        if (read(null, ref count) < 0)
        {
            throw LibvirtErrors.Last("libvirt", what);
        }

        var stats = new VirApi.NodeStat[count];
        if (count > 0 && read(stats, ref count) < 0)
        {
            throw LibvirtErrors.Last("libvirt", what);
        }

        return stats.Take(count).ToDictionary(stat => Utf8.Of(stat.Field), stat => (double)stat.Value);
    }

    private async Task<double> MeasureAsync(CancellationToken cancellation)
    {
        await _measuring.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            TimeSpan now = _options.Clock.Monotonic;
            if (_lastLook is { } recent && now - recent.At < ShortestLook && now - _lastLoad.At < ShortestLook)
            {
                return _lastLoad.Percent;
            }

            if (_lastLook is not { } before || now - before.At > LongestLook || now - before.At < ShortestLook)
            {
                (double busy, double all) = await _connection.RunAsync(ReadProcessors, cancellation).ConfigureAwait(false);
                before = (now, busy, all);
                await _options.Clock.Delay(ShortestLook, cancellation).ConfigureAwait(false);
            }

            (double Busy, double All) look = await _connection.RunAsync(ReadProcessors, cancellation).ConfigureAwait(false);
            now = _options.Clock.Monotonic;
            _lastLook = (now, look.Busy, look.All);
            double passed = look.All - before.All;
            _lastLoad = (now, passed > 0 ? Math.Max(0, Math.Min(100, 100 * (look.Busy - before.Busy) / passed)) : 0);
            return _lastLoad.Percent;
        }
        finally
        {
            _measuring.Release();
        }
    }

    private (long Free, long Total) ReadMemory(IntPtr connection)
    {
        Dictionary<string, double> memory = ReadStats(
            (VirApi.NodeStat[]? stats, ref int count) => VirApi.GetMemoryStats(connection, VirApi.AllProcessors, stats, ref count, 0),
            "asking for the host's memory");
        double Field(string name) => memory.TryGetValue(name, out double kibibytes) ? kibibytes : 0;

        // What the kernel itself counts as available knows of memory that looks like cache and cannot be given up. Only here it can be asked.
        long free = (DisksAreHere ? LibvirtHost.ReadAvailableMemory() : null)
            ?? ((long)(Field("free") + Field("buffers") + Field("cached")) * BytesPerKibibyte);
        return (free, (long)Field("total") * BytesPerKibibyte);
    }

    /// <summary>The room on the volume of a folder, which is made when the first machine is saved.</summary>
    private long? FreeBytes(string folder)
    {
        for (string? place = folder; !string.IsNullOrEmpty(place); place = Path.GetDirectoryName(place))
        {
            try
            {
                return _options.Files.OpenFolder(place!).FreeBytes;
            }
            catch (HostFileException failure) when (failure.Failure is HostFileFailure.NotFound or HostFileFailure.AccessDenied)
            {
                // The next above is on the same volume, unless something is mounted in between.
            }
        }

        return null;
    }

    private delegate int StatsReader(VirApi.NodeStat[]? stats, ref int count);
}
