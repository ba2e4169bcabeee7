using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

/// <summary>The faults that the best-known library was seen to have. Each is a test with the fault in its name.</summary>
public class NtfsFaultTests
{
    private static readonly DateTime Now = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void When_the_file_table_grows_its_mirror_stays_byte_equal()
    {
        var device = NtfsFormatterTests.Format(32L << 20);
        using (var volume = OpenForWriting(device))
        {
            for (int i = 0; i < 400; i++)
            {
                WriteFile(volume, $"file {i}", [1, 2, 3]);
            }

            volume.Flush();
            Assert.True(volume.Files.RecordCount > 400);
        }

        Judge.MirrorIsEqual(device);
        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        Assert.Equal(400, opened.Enumerate(GuestPath.Root).Count());
    }

    [Fact]
    public void Attribute_list_entries_have_name_offset_0x1A_with_a_name_and_without()
    {
        // Windows refuses a record with another offset, while chkdsk calls the volume clean.
        var device = NtfsFormatterTests.Format(64L << 20);
        using var volume = OpenForWriting(device);
        WriteFragmented(volume, "many pieces", 400, streams: true);
        volume.Flush();

        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        FileRecord file = opened.Files.Get(opened.Find(GuestPath.Parse("many pieces"))!.RecordNumber);
        byte[] list = AttributeIo.ReadAll(opened, file.List!);
        int entries = 0;
        for (int at = 0; at < list.Length; at += BinaryPrimitives.ReadUInt16LittleEndian(list.AsSpan(at + 4)), entries++)
        {
            Assert.Equal(0x1A, list[at + 7]);
            Assert.NotEqual((uint)AttributeType.AttributeList, BinaryPrimitives.ReadUInt32LittleEndian(list.AsSpan(at)));
        }

        Assert.True(entries > 4);
        Assert.NotEmpty(file.Extensions);
    }

    [Fact]
    public void A_file_table_in_very_many_pieces_is_read_back_through_its_own_attribute_list()
    {
        // What fails elsewhere at about 4.4 million files: the table's own runs need records that extend it.
        var device = NtfsFormatterTests.Format(14L << 20, cluster: 512);
        GrowTableInPieces(device, out int files);
        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        FileRecord table = opened.Files.Get(WellKnownRecord.Mft);
        Assert.NotNull(table.List);
        Assert.True(table.Extensions.Count >= 5, $"{table.Extensions.Count} extension records, {table.Require(AttributeType.Data).Runs!.Count} runs");
        Assert.Equal(files, opened.Enumerate(GuestPath.Parse("many")).Count());
        Judge.MirrorIsEqual(device);
    }

    [Fact]
    [Trait("Kind", "Judge")]
    public void The_judges_accept_a_file_table_in_very_many_pieces()
    {
        Judge.Require("ntfsfix", "ntfsresize", "ntfsinfo", "ntfs-3g");
        var device = NtfsFormatterTests.Format(14L << 20, cluster: 512);
        GrowTableInPieces(device, out int files);
        using var folder = new TempFolder();
        string path = Path.Combine(folder.Path, "volume.raw");
        device.SaveTo(path);
        Judge.AcceptsVolume(path, device);
        Assert.Equal(files, Judge.MountedSums(path, "many").Count);
    }

    [Fact]
    public void Appending_writes_at_the_end()
    {
        var device = NtfsFormatterTests.Format(16L << 20);
        using var volume = OpenForWriting(device);
        WriteFile(volume, "log", [1, 2, 3]);
        for (int i = 0; i < 2000; i++)
        {
            using var stream = volume.OpenStream(GuestPath.Parse("log"), writable: true);
            stream.WriteAt(stream.Length, [(byte)(i & 0xFF), (byte)(i >> 8), 7]);
        }

        volume.Flush();
        byte[] bytes = ReadFile(NtfsVolume.Open(device, new NtfsOpenOptions()), "log");
        Assert.Equal(6003, bytes.Length);
        Assert.Equal([1, 2, 3, 0, 0, 7, 1, 0, 7], bytes.AsSpan(0, 9).ToArray());
        Assert.Equal([1999 & 0xFF, 1999 >> 8, 7], bytes.AsSpan(6000).ToArray());
    }

    [Fact]
    public void Writing_into_a_compressed_file_is_refused_by_name_before_a_byte_is_written()
    {
        var device = SparseMemoryDevice.FromGzip(Corpora.PathOf("ntfs/msuhanov-ntfs-ramslack.raw.gz"), 128 * 512);
        using var volume = OpenForWriting(device);
        byte[] before = ReadFile(volume, "1.txt");
        int writes = device.Writes;
        using (var stream = volume.OpenStream(GuestPath.Parse("1.txt"), writable: true))
        {
            var refused = Assert.Throws<DiskFormatException>(() => stream.WriteAt(10, [1]));
            Assert.Equal(DiskFormatDefect.NotSupported, refused.Defect);
            Assert.Contains("1.txt", refused.Message, StringComparison.Ordinal);
            Assert.Throws<DiskFormatException>(() => stream.SetLength(17));
        }

        Assert.Equal(writes, device.Writes);
        Assert.Equal(before, ReadFile(volume, "1.txt"));
    }

    [Fact]
    public void A_compressed_file_is_overwritten_whole_by_becoming_a_plain_one()
    {
        var device = SparseMemoryDevice.FromGzip(Corpora.PathOf("ntfs/msuhanov-ntfs-ramslack.raw.gz"), 128 * 512);
        byte[] content = new byte[100_000];
        new Random(5).NextBytes(content);
        using (var volume = OpenForWriting(device))
        {
            using (var stream = volume.OpenStream(GuestPath.Parse("1.txt"), writable: true))
            {
                stream.SetLength(0);
                stream.WriteAt(0, content);
            }

            volume.Flush();
        }

        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        Assert.Equal(content, ReadFile(opened, "1.txt"));
        Assert.Equal((FileAttributes)0, opened.Find(GuestPath.Parse("1.txt"))!.Attributes & FileAttributes.Compressed);
    }

    [Fact]
    public void A_compressed_file_may_be_renamed_and_deleted()
    {
        var device = SparseMemoryDevice.FromGzip(Corpora.PathOf("ntfs/msuhanov-ntfs-ramslack.raw.gz"), 128 * 512);
        using var volume = OpenForWriting(device);
        byte[] before = ReadFile(volume, "1.txt");
        volume.Rename(GuestPath.Parse("1.txt"), GuestPath.Parse("2.txt"));
        volume.Flush();
        Assert.Equal(before, ReadFile(NtfsVolume.Open(device, new NtfsOpenOptions()), "2.txt"));
        long free = volume.FreeBytes;
        volume.Delete(GuestPath.Parse("2.txt"));
        volume.Flush();
        Assert.True(volume.FreeBytes > free);
    }

    [Fact]
    public void Readers_side_by_side_see_the_right_bytes()
    {
        var device = NtfsFormatterTests.Format(64L << 20);
        using (var volume = OpenForWriting(device))
        {
            for (int i = 0; i < 40; i++)
            {
                WriteFile(volume, $"file {i}", Enumerable.Repeat((byte)i, 50_000 + i).ToArray());
            }

            volume.Flush();
        }

        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        Parallel.For(0, 400, n =>
        {
            byte[] bytes = ReadFile(opened, $"FILE {n % 40}");
            Assert.Equal(50_000 + (n % 40), bytes.Length);
            Assert.All(bytes.Where((_, at) => at % 4999 == 0), b => Assert.Equal(n % 40, b));
        });
    }

    internal static NtfsVolume OpenForWriting(SparseMemoryDevice device) =>
        NtfsVolume.Open(device, new NtfsOpenOptions { Writable = true, UtcNow = () => Now });

    internal static void WriteFile(NtfsVolume volume, string path, byte[] bytes)
    {
        volume.Create(GuestPath.Parse(path), new NtfsCreateProperties());
        using var stream = volume.OpenStream(GuestPath.Parse(path), writable: true);
        stream.WriteAt(0, bytes);
    }

    internal static byte[] ReadFile(NtfsVolume volume, string path, string name = "")
    {
        using IBlockFile stream = volume.OpenStream(GuestPath.Parse(path), name);
        byte[] bytes = new byte[stream.Length];
        stream.ReadAt(0, bytes);
        return bytes;
    }

    /// <summary>Two files that grow in turns, so that neither lies in one piece.</summary>
    internal static void WriteFragmented(NtfsVolume volume, string path, int pieces, bool streams)
    {
        WriteFile(volume, path, [1]);
        WriteFile(volume, path + " beside", [2]);
        byte[] cluster = new byte[volume.ClusterSize];
        for (int i = 0; i < pieces; i++)
        {
            foreach (string name in new[] { path, path + " beside" })
            {
                using var stream = volume.OpenStream(GuestPath.Parse(name), writable: true);
                cluster.AsSpan().Fill((byte)(i & 0xFF));
                stream.WriteAt((long)i * cluster.Length, cluster);
            }
        }

        for (int i = 0; streams && i < 20; i++)
        {
            volume.CreateStream(GuestPath.Parse(path), "stream " + i);
            using var stream = volume.OpenStream(GuestPath.Parse(path), "stream " + i, writable: true);
            stream.WriteAt(0, new byte[40]);
        }
    }

    // Takes all room in small files, gives back every second one and makes files until the table lies in a thousand pieces.
    private static void GrowTableInPieces(SparseMemoryDevice device, out int files)
    {
        using var volume = OpenForWriting(device);
        volume.Create(GuestPath.Parse("many"), new NtfsCreateProperties { IsDirectory = true });
        int made = 0;
        byte[] content = new byte[900];
        for (; volume.Clusters.FreeClusters > 3000; made++)
        {
            WriteFile(volume, $"many\\{made:D6}", content);
        }

        for (int i = 0; i < made; i += 2)
        {
            volume.Delete(GuestPath.Parse($"many\\{i:D6}"));
        }

        // What is still in one piece is taken, so that only the small holes are left.
        files = made / 2;
        WriteFile(volume, "rest", new byte[2900 * 512]);
        for (int i = 0; i < (made / 2) + 1900; i++, files++)
        {
            volume.Create(GuestPath.Parse($"many\\n{i:D6}"), new NtfsCreateProperties());
        }

        volume.Flush();
    }
}
