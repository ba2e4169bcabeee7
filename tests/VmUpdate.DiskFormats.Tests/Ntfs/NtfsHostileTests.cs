using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

/// <summary>Every byte of a volume is hostile: a defect is one exception that names structure and place, and nothing else.</summary>
public class NtfsHostileTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("dfvfs-vss.raw", 1)]
    [InlineData("dfvfs-ntfs.raw", 2)]
    [InlineData("colinfinck-testfs1.img", 3)]
    public void Changed_bytes_give_a_named_defect_or_none(string name, int seed)
    {
        output.WriteLine($"seed {seed}");
        var original = SparseMemoryDevice.FromGzip(Corpora.PathOf($"ntfs/{name}.gz"));
        Hurt(original, seed, rounds: 60, write: false);
    }

    [Fact]
    public void Changed_bytes_of_a_volume_that_is_written_give_a_named_defect_or_none()
    {
        var original = NtfsFormatterTests.Format(16L << 20, 1024);
        NtfsRandomTests.Change(original, 9, rounds: 1, steps: 200);
        Hurt(original, seed: 4, rounds: 80, write: true);
    }

    [Fact]
    public void A_tree_that_leads_back_to_itself_is_refused()
    {
        var device = NtfsFormatterTests.Format(16L << 20);
        using var volume = NtfsFaultTests.OpenForWriting(device);
        for (int i = 0; i < 300; i++)
        {
            NtfsFaultTests.WriteFile(volume, $"file {i}", []);
        }

        FileRecord root = volume.Files.Get(WellKnownRecord.Root);
        byte[] value = root.Require(AttributeType.IndexRoot, "$I30").Value!;
        volume.Flush();
        NtfsAttribute allocation = root.Require(AttributeType.IndexAllocation, "$I30");
        byte[] node = new byte[4096];
        AttributeIo.ReadPlain(volume, allocation, 0, node);
        IndexNode parsed = IndexNode.ReadRecord(node, 0, 0);
        foreach (IndexEntry entry in parsed.Entries)
        {
            entry.Below = 0;
        }

        while (parsed.Used > IndexNode.Capacity(4096))
        {
            parsed.Entries.RemoveAt(0);
        }

        byte[] looped = new byte[4096];
        parsed.WriteRecord(looped);
        AttributeIo.WriteClusters(volume, allocation, 0, looped);
        Assert.NotEmpty(value);

        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions { IgnoreJournal = true });
        var defect = Assert.Throws<DiskFormatException>(() => opened.Enumerate(GuestPath.Root));
        Assert.Equal(DiskFormatDefect.Inconsistent, defect.Defect);
    }

    internal static void Hurt(SparseMemoryDevice original, int seed, int rounds, bool write, string folder = "r")
    {
        var random = new Random(seed);
        NtfsGeometry geometry = NtfsGeometry.Read(original);
        for (int round = 0; round < rounds; round++)
        {
            var device = original.Copy();
            for (int change = 0; change < 4; change++)
            {
                if (random.Next(3) == 0)
                {
                    HurtNode(device, random);
                }
                else
                {
                    HurtRecord(device, geometry, random);
                }
            }

            try
            {
                using var volume = NtfsVolume.Open(
                    device, new NtfsOpenOptions { IgnoreJournal = true, Writable = write, UtcNow = () => NtfsRandomTests.Now });
                Walk(volume, GuestPath.Root, 0);
                if (write)
                {
                    NtfsFaultTests.WriteFile(volume, "made", new byte[5000]);
                    volume.Rename(GuestPath.Parse("made"), GuestPath.Parse(folder + "\\made too"));
                    volume.Delete(GuestPath.Parse(folder + "\\made too"));
                    DeleteSome(volume, GuestPath.Parse(folder));
                    volume.Flush();
                }
            }
            catch (DiskFormatException)
            {
            }
        }
    }

    // Behind the update sequence: a change that a torn-write check would find says nothing about the parsers.
    private static void HurtRecord(SparseMemoryDevice device, NtfsGeometry geometry, Random random)
    {
        long place = (geometry.MftLcn * geometry.ClusterSize) + ((long)random.Next(48) * geometry.RecordSize);
        byte[] record = new byte[geometry.RecordSize];
        device.ReadAt(place, record);
        int at = random.Next(8) == 0 ? random.Next(48) : 56 + random.Next(400);
        record[at] = (byte)random.Next(256);
        device.WriteAt(place, record);
    }

    private static void HurtNode(SparseMemoryDevice device, Random random)
    {
        byte[] start = new byte[4];
        for (int attempt = 0; attempt < 200; attempt++)
        {
            long place = random.NextInt64(device.Length / 4096) * 4096;
            device.ReadAt(place, start);
            if (start.AsSpan().SequenceEqual("INDX"u8))
            {
                byte[] sector = new byte[512];
                device.ReadAt(place, sector);
                sector[random.Next(24, 500)] = (byte)random.Next(256);
                device.WriteAt(place, sector);
                return;
            }
        }
    }

    private static void DeleteSome(NtfsVolume volume, GuestPath folder)
    {
        foreach (NtfsEntry entry in volume.Enumerate(folder).Where((_, index) => index % 2 == 0).ToArray())
        {
            if (!entry.IsDirectory)
            {
                volume.Delete(entry.Path);
            }
        }
    }

    private static void Walk(NtfsVolume volume, GuestPath folder, int depth)
    {
        if (depth > 6)
        {
            return;
        }

        foreach (NtfsEntry entry in volume.Enumerate(folder))
        {
            volume.GetSecurityDescriptor(entry.Path);
            foreach (NtfsStreamInfo stream in volume.GetStreams(entry.Path))
            {
                using var opened = volume.OpenStream(entry.Path, stream.Name);
                opened.ReadAt(0, new byte[Math.Min(opened.Length, 100_000)]);
            }

            if (entry.IsDirectory)
            {
                Walk(volume, entry.Path, depth + 1);
            }
        }
    }
}
