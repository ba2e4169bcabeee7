using System.Security.Cryptography;
using System.Text;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

/// <summary>A copy of a volume holds its files, and nothing else of what was ever written to it.</summary>
public sealed class VolumeCopyTests
{
    private static readonly DateTime Now = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("This is what must not be found.");

    [Theory]
    [InlineData(4096, false)]
    [InlineData(65536, false)]
    [InlineData(4096, true)]
    public void What_was_deleted_is_nowhere_in_the_copy(int cluster, bool isJudged)
    {
        SparseMemoryDevice device = Used(cluster);
        Assert.True(Contains(device, Secret), "the search itself: the volume still holds what was deleted");
        var copy = new SparseMemoryDevice(device.Length);
        Copy(device, copy);

        Assert.False(Contains(copy, Secret));
        Assert.Equal(Contents(device), Contents(copy));
        using NtfsVolume again = NtfsVolume.Open(copy, new NtfsOpenOptions { Writable = true, UtcNow = () => Now });
        again.Create(GuestPath.Parse("later.txt"), new NtfsCreateProperties());
        if (isJudged)
        {
            Judge.Require("ntfsfix", "ntfsresize", "ntfsinfo");
            using var folder = new TempFolder();
            string path = Path.Combine(folder.Path, "volume.raw");
            copy.SaveTo(path);
            Judge.AcceptsVolume(path, copy);
        }
    }

    [Theory]
    [InlineData("dfvfs-ntfs.raw", 0)]
    [InlineData("dfvfs-windows_volume.raw", 0)]
    [InlineData("plaso-usnjrnl.raw", 63 * 512)]
    [InlineData("colinfinck-testfs1.img", 0)]
    public void A_copy_of_a_volume_of_others_holds_the_same_files(string name, long offset)
    {
        SparseMemoryDevice device = SparseMemoryDevice.FromGzip(Corpora.PathOf($"ntfs/{name}.gz"), offset);
        var copy = new SparseMemoryDevice(device.Length);
        Copy(device, copy);
        Assert.Equal(Contents(device), Contents(copy));
    }

    [Fact]
    public void How_far_a_copy_is_rises_with_what_is_used_and_not_with_what_is_free()
    {
        SparseMemoryDevice device = Used(4096); // most of its clusters are free
        var told = new List<int>();
        using NtfsVolume volume = NtfsVolume.Open(device, new NtfsOpenOptions { IgnoreJournal = true });
        volume.CopyTo(new SparseMemoryDevice(device.Length), told.Add, TestContext.Current.CancellationToken);
        Assert.Equal(told.Order(), told);
        Assert.InRange(told[0], 0, 0);
        Assert.InRange(told[^1], 50, 100);
    }

    [Fact]
    public void A_volume_that_holds_writes_back_and_a_target_of_another_length_are_refused()
    {
        SparseMemoryDevice device = Used(4096);
        using NtfsVolume volume = NtfsVolume.Open(device, new NtfsOpenOptions { Writable = true, UtcNow = () => Now });
        Assert.Throws<ArgumentException>(() => volume.CopyTo(new SparseMemoryDevice(device.Length - 4096), progress: null, TestContext.Current.CancellationToken));
        volume.Create(GuestPath.Parse("unflushed.txt"), new NtfsCreateProperties());
        Assert.Throws<InvalidOperationException>(() => volume.CopyTo(new SparseMemoryDevice(device.Length), progress: null, TestContext.Current.CancellationToken));
    }

    /// <summary>A volume with deleted small and large files, a file that became shorter, one that was never written to its end.</summary>
    private static SparseMemoryDevice Used(int cluster)
    {
        var device = new SparseMemoryDevice(64L << 20);
        NtfsFormatter.Format(device, new NtfsFormatOptions { ClusterSize = cluster, SerialNumber = 7, UtcNow = Now });
        byte[] large = [.. Enumerable.Range(0, 20_000).SelectMany(_ => Secret)];
        using (NtfsVolume volume = NtfsVolume.Open(device, new NtfsOpenOptions { Writable = true, UtcNow = () => Now }))
        {
            volume.Create(GuestPath.Parse("Kept"), new NtfsCreateProperties { IsDirectory = true });
            Write(volume, "small.txt", Secret);
            Write(volume, "large.bin", large);
            Write(volume, @"Kept\short.bin", large);
            for (int i = 0; i < 40; i++)
            {
                Write(volume, $@"Kept\file{i}.txt", Encoding.ASCII.GetBytes(new string((char)('a' + (i % 26)), 37 * i * i)));
            }

            volume.Flush();
            volume.Delete(GuestPath.Parse("small.txt"));
            volume.Delete(GuestPath.Parse("large.bin"));
            using IBlockFile file = volume.OpenStream(GuestPath.Parse(@"Kept\short.bin"), writable: true);
            file.WriteAt(0, new byte[10_000]);
            file.SetLength(10_000);
            volume.Flush();
        }

        return device;
    }

    private static void Write(NtfsVolume volume, string path, byte[] bytes)
    {
        volume.Create(GuestPath.Parse(path), new NtfsCreateProperties());
        using IBlockFile file = volume.OpenStream(GuestPath.Parse(path), writable: true);
        file.WriteAt(0, bytes);
    }

    private static void Copy(SparseMemoryDevice device, SparseMemoryDevice copy)
    {
        using NtfsVolume volume = NtfsVolume.Open(device, new NtfsOpenOptions { IgnoreJournal = true });
        volume.CopyTo(copy, progress: null, TestContext.Current.CancellationToken);
    }

    private static List<string> Contents(SparseMemoryDevice device)
    {
        using NtfsVolume volume = NtfsVolume.Open(device, new NtfsOpenOptions { IgnoreJournal = true });
        var found = new List<string>();
        Add(volume, GuestPath.Root, found);
        return found;
    }

    private static void Add(NtfsVolume volume, GuestPath folder, List<string> found)
    {
        foreach (NtfsEntry entry in volume.Enumerate(folder))
        {
            found.Add($"{entry.Path} {entry.Attributes} {entry.Times} {Convert.ToHexString(volume.GetSecurityDescriptor(entry.Path))}");
            foreach (NtfsStreamInfo stream in entry.ReparseTag == 0 ? volume.GetStreams(entry.Path) : [])
            {
                try
                {
                    using IBlockFile file = volume.OpenStream(entry.Path, stream.Name);
                    byte[] bytes = new byte[Math.Min(file.Length, 16 << 20)];
                    file.ReadAt(0, bytes);
                    found.Add($"{entry.Path}:{stream.Name} {file.Length} {Convert.ToHexString(SHA256.HashData(bytes))}");
                }
                catch (DiskFormatException unreadable) when (unreadable.Defect == DiskFormatDefect.NotSupported)
                {
                    found.Add($"{entry.Path}:{stream.Name} {unreadable.Message}");
                }
            }

            if (entry is { IsDirectory: true, ReparseTag: 0 })
            {
                Add(volume, entry.Path, found);
            }
        }
    }

    private static bool Contains(SparseMemoryDevice device, byte[] wanted)
    {
        byte[] bytes = new byte[device.Length];
        device.ReadAt(0, bytes);
        return bytes.AsSpan().IndexOf(wanted) >= 0;
    }
}
