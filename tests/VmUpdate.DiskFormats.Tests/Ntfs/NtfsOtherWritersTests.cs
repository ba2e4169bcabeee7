using System.Security.Cryptography;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Partitions;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

/// <summary>Volumes that others made: read as they wrote them, written so that they can go on.</summary>
[Trait("Kind", "Judge")]
public class NtfsOtherWritersTests(ITestOutputHelper output)
{
    // Compressed, sparse, in many pieces, hard links, streams: what ntfs-3g makes.
    private const string Fill = """
        set -e
        cd "$1"
        mkdir packed folder
        setfattr -v 0x00000800 -n system.ntfs_attrib_be packed
        for i in 1 2 3 4 5 6; do (seq 1 $((i * 5000)); head -c $((i * 3000)) /dev/urandom) > packed/c$i.log; done
        truncate -s 9000000 sparse
        head -c 5000 /dev/urandom | dd of=sparse bs=1 seek=4000000 conv=notrunc status=none
        for i in $(seq 1 250); do head -c 4096 /dev/urandom >> frag1; head -c 4096 /dev/urandom >> frag2; done
        head -c 700 /dev/urandom > folder/small
        ln folder/small folder/link
        setfattr -n user.zone -v "ZoneId=3" folder/small
        for i in $(seq 1 300); do echo $i > "folder/a rather long name of a file $i.txt"; done
        sync
        """;

    [Fact]
    public void What_ntfs_3g_wrote_is_read_and_changed()
    {
        Judge.Require("mkntfs", "ntfs-3g", "ntfsfix", "ntfsresize", "ntfsinfo", "setfattr");
        using var folder = new TempFolder();
        string path = folder.File("volume.raw");
        using (FileStream file = File.Create(path))
        {
            file.SetLength(96L << 20);
        }

        Judge.Run("mkntfs", "-F", "-q", path);
        string script = folder.File("fill.sh");
        File.WriteAllText(script, Fill);
        Judge.Mounted(path, "compression,streams_interface=xattr", root => Judge.Run("bash", script, root));
        List<string> expected = Judge.MountedSums(path, ".");

        var device = Load(path);
        using (var volume = NtfsVolume.Open(device, new NtfsOpenOptions()))
        {
            Assert.Equal(expected.Order(StringComparer.Ordinal), Sums(volume, GuestPath.Root).Order(StringComparer.Ordinal));
            Assert.Contains("zone", volume.GetStreams(GuestPath.Parse("folder\\link")).Select(s => s.Name));
            Assert.NotEqual((FileAttributes)0, volume.Find(GuestPath.Parse("packed\\c6.log"))!.Attributes & FileAttributes.Compressed);
        }

        Change(device);
        device.SaveTo(path);
        Judge.AcceptsVolume(path, device);
        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        Assert.Equal(Judge.MountedSums(path, ".").Order(StringComparer.Ordinal), Sums(opened, GuestPath.Root).Order(StringComparer.Ordinal));

        // And the other way round: ntfs-3g writes on, and finds nothing wrong.
        Judge.Mounted(path, "rw", root =>
        {
            File.WriteAllBytes(Path.Combine(root, "theirs"), new byte[100_000]);
            Directory.Delete(Path.Combine(root, "folder"), recursive: true);
        });
        var after = Load(path);
        Judge.AcceptsVolume(path, after);
        Assert.Null(NtfsVolume.Open(after, new NtfsOpenOptions()).Find(GuestPath.Parse("folder")));
    }

    [Theory]
    [InlineData("dfvfs-vss.raw", 0, true)]
    [InlineData("colinfinck-testfs1.img", 0, true)]
    [InlineData("dfvfs-windows_volume.raw", 0, true)]
    [InlineData("msuhanov-ntfs-lastaccess.raw", 128 * 512, false)]
    public void A_volume_of_another_writer_is_changed_by_chance(string name, long offset, bool hasBackupBootSector)
    {
        Judge.Require("ntfs-3g", "ntfsfix", "ntfsresize", "ntfsinfo");
        const int Seed = 7;
        output.WriteLine($"seed {Seed}");
        var device = SparseMemoryDevice.FromGzip(Corpora.PathOf($"ntfs/{name}.gz"), offset);
        string[] before = Sums(NtfsVolume.Open(device, new NtfsOpenOptions()), GuestPath.Root).ToArray();
        RandomWriter writer = NtfsRandomTests.Change(device, Seed, rounds: 2, steps: 100, "by chance", maxLength: 3000);
        using var folder = new TempFolder();
        string path = folder.File("volume.raw");
        device.SaveTo(path);
        if (hasBackupBootSector)
        {
            Judge.AcceptsVolume(path, device);
        }

        Judge.Run("ntfsresize", "--info", "--force", "--no-progress-bar", path);
        Judge.MirrorIsEqual(device);
        Assert.Equal(writer.Sums().Order(StringComparer.Ordinal), Judge.MountedSums(path, "by chance").Order(StringComparer.Ordinal));
        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        Assert.Superset(before.ToHashSet(), Sums(opened, GuestPath.Root).ToHashSet());
    }

    [Theory]
    [InlineData("pair-old")]
    [InlineData("pair-master")]
    [InlineData("pair2-master")]
    public void Every_file_and_descriptor_of_a_Windows_like_disk_is_as_listed(string name)
    {
        using var folder = new TempFolder();
        string[] rows = File.ReadAllLines(Corpora.PathOf($"vhdx/{name}.files.tsv"));
        string path = Corpora.Open($"vhdx/{name}.vhdx.gz", folder);
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem() });
        Partition partition = PartitionTable.Read(disk).Partitions.OrderByDescending(p => p.Length).First();
        using IBlockDevice device = partition.Open(disk);
        using var volume = NtfsVolume.Open(device, new NtfsOpenOptions());
        string[] found = Sums(volume, GuestPath.Root).ToArray();
        Assert.Equal(
            rows.Skip(1).Select(r => r.Split('\t')).Select(r => $"{r[2]}\t{r[0]}").Order(StringComparer.Ordinal),
            found.Order(StringComparer.Ordinal));
        foreach (string[] row in rows.Skip(1).Select(r => r.Split('\t')).Where(r => r[3].Length > 0))
        {
            Assert.Equal(row[3], Convert.ToHexStringLower(volume.GetSecurityDescriptor(GuestPath.Parse(row[0]))));
        }
    }

    private static void Change(SparseMemoryDevice device)
    {
        using var volume = NtfsFaultTests.OpenForWriting(device);
        byte[] content = new byte[70_000];
        new Random(3).NextBytes(content);
        using (var sparse = volume.OpenStream(GuestPath.Parse("sparse"), writable: true))
        {
            sparse.WriteAt(1_234_567, content);
            sparse.WriteAt(3_999_000, content.AsSpan(0, 3000)); // into a hole and on into what is there
            sparse.SetLength(8_500_001);
            sparse.SetLength(12_000_000);
        }

        using (var packed = volume.OpenStream(GuestPath.Parse("packed\\c1.log"), writable: true))
        {
            packed.SetLength(0);
            packed.WriteAt(0, content);
        }

        using (var fragmented = volume.OpenStream(GuestPath.Parse("frag1"), writable: true))
        {
            fragmented.WriteAt(500_000, content);
            fragmented.WriteAt(fragmented.Length, content);
        }

        volume.Rename(GuestPath.Parse("packed\\c2.log"), GuestPath.Parse("folder\\moved.log"));
        volume.Delete(GuestPath.Parse("packed\\c3.log"));
        volume.Delete(GuestPath.Parse("folder\\small"));
        volume.Delete(GuestPath.Parse("frag2"));
        for (int i = 1; i <= 300; i += 2)
        {
            volume.Delete(GuestPath.Parse($"folder\\a rather long name of a file {i}.txt"));
        }

        volume.Flush();
    }

    private static SparseMemoryDevice Load(string path)
    {
        using FileStream file = File.OpenRead(path);
        return SparseMemoryDevice.From(file);
    }

    private static IEnumerable<string> Sums(NtfsVolume volume, GuestPath folder)
    {
        foreach (NtfsEntry entry in volume.Enumerate(folder))
        {
            if (entry.IsDirectory)
            {
                foreach (string below in Sums(volume, entry.Path))
                {
                    yield return below;
                }
            }
            else if (entry.ReparseTag == 0)
            {
                byte[] bytes = NtfsFaultTests.ReadFile(volume, entry.Path.ToString());
                yield return $"{Convert.ToHexStringLower(SHA256.HashData(bytes))}\t{entry.Path.ToString().Replace('\\', '/')}";
            }
        }
    }
}
