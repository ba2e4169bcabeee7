using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

public class NtfsRandomTests(ITestOutputHelper output)
{
    internal static readonly DateTime Now = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(1, 512, 512)]
    [InlineData(2, 4096, 512)]
    [InlineData(3, 4096, 4096)]
    [InlineData(4, 65536, 512)]
    [InlineData(5, 1024, 512)]
    public void What_was_written_by_chance_is_read_back(int seed, int cluster, int sector)
    {
        output.WriteLine($"seed {seed}");
        var device = NtfsFormatterTests.Format(192L << 20, cluster, sector);
        RandomWriter writer = Change(device, seed, rounds: 4, steps: 150);
        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        writer.Verify(opened);
    }

    [Theory]
    [InlineData(11, 512, 512)]
    [InlineData(12, 4096, 512)]
    [InlineData(13, 65536, 512)]
    [Trait("Kind", "Judge")]
    public void The_judges_accept_and_read_what_was_written_by_chance(int seed, int cluster, int sector)
    {
        Judge.Require("ntfsfix", "ntfsresize", "ntfsinfo", "ntfs-3g");
        output.WriteLine($"seed {seed}");
        var device = NtfsFormatterTests.Format(128L << 20, cluster, sector);
        RandomWriter writer = Change(device, seed, rounds: 3, steps: 150);
        using var folder = new TempFolder();
        string path = Path.Combine(folder.Path, "volume.raw");
        device.SaveTo(path);
        Judge.AcceptsVolume(path, device);
        Assert.Equal(writer.Sums().Order(StringComparer.Ordinal), Judge.MountedSums(path, "r").Order(StringComparer.Ordinal));
    }

    internal static RandomWriter Change(SparseMemoryDevice device, int seed, int rounds, int steps, string root = "r", int maxLength = 200_000)
    {
        RandomWriter? writer = null;
        for (int round = 0; round < rounds; round++)
        {
            using var volume = NtfsVolume.Open(device, new NtfsOpenOptions { Writable = true, UtcNow = () => Now });
            writer = writer is null ? new RandomWriter(volume, seed, root) { MaxLength = maxLength } : writer.On(volume);
            if (round == 0)
            {
                writer.Start();
            }

            writer.Run(steps);
            writer.Verify(volume);
            volume.Flush();
            writer.Verify(volume);
        }

        return writer!;
    }
}
