using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Files;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>What a disk costs its host: bytes, calls, flushes, memory.</summary>
public sealed class VhdxCostTests
{
    private const int Mebibyte = VhdxTestDisk.Mebibyte;
    private const string Child = "/disks/child.vhdx";

    [Fact]
    public void Reads_fetch_what_is_wanted_and_nothing_ahead()
    {
        var files = new CountingFileSystem(VhdxImage.ChildAndParent(Child));
        using VhdxDisk disk = VhdxTestDisk.OpenForReading(Child, files);
        files.Reset();
        byte[] buffer = new byte[100_000];
        disk.ReadAt(123, buffer);

        // The one more: the page of the sector bitmap.
        Assert.Equal(100_000 + 4096, files.BytesRead);
        disk.ReadAt(Mebibyte + 512, buffer);
        Assert.Equal(200_000 + 4096, files.BytesRead);
        disk.ReadAt(3 * Mebibyte, buffer);
        Assert.Equal(200_000 + 4096, files.BytesRead);
    }

    [Fact]
    public void Opening_reads_tables_only()
    {
        var files = new CountingFileSystem(VhdxImage.ChildAndParent(Child));
        using VhdxDisk disk = VhdxTestDisk.OpenForReading(Child, files);
        Assert.InRange(files.BytesReadOf(Child), 1, 100 * 1024);
        Assert.InRange(files.BytesReadOf(VhdxImage.Path), 1, 100 * 1024);
    }

    [Fact]
    public void Blocks_that_lie_together_are_read_in_one_call()
    {
        CrashFileSystem inner = VhdxImage.Dynamic().ToFiles();
        const string big = "/disks/big.vhdx";
        using (VhdxDisk disk = VhdxDisk.CreateFixed(big, 32 * Mebibyte, VhdxTestDisk.CreateOptions(inner)))
        {
            disk.Complete();
        }

        var files = new CountingFileSystem(inner);
        using VhdxDisk read = VhdxTestDisk.OpenForReading(big, files);
        files.Reset();
        read.ReadAt(0, new byte[32 * Mebibyte]);
        Assert.Single(files.Operations);
    }

    [Fact]
    public void A_whole_new_child_costs_three_flushes_and_little_more_than_its_data()
    {
        var files = new CountingFileSystem(VhdxImage.ChildAndParent("/disks/other.vhdx"));
        using (VhdxDisk disk = VhdxDisk.CreateDifferencing(Child, VhdxImage.Path, VhdxTestDisk.CreateOptions(files)))
        {
            for (int number = 0; number < 50; number++)
            {
                disk.WriteAt(number * 65536, VhdxTestDisk.Bytes(8192, number));
                disk.Flush();
            }

            disk.Complete();
        }

        Assert.Equal(3, files.Flushes);
        Assert.InRange(files.BytesWritten, 50 * 8192, (50 * 8192) + 65536);
    }

    [Fact]
    public void Large_reads_do_not_allocate()
    {
        CrashFileSystem files = VhdxImage.ChildAndParent(Child);
        using VhdxDisk disk = VhdxTestDisk.OpenForReading(Child, files);
        byte[] buffer = new byte[Mebibyte];
        disk.ReadAt(0, buffer);
        disk.ReadAt(Mebibyte, buffer);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 100; round++)
        {
            disk.ReadAt(round % 2 * Mebibyte, buffer);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);
    }

    [Fact]
    public void A_shared_cache_keeps_no_more_than_it_may()
    {
        using var folder = new TempFolder();
        string parent = folder.File("parent.vhdx");
        VhdxTestDisk.MakeDynamic(parent, 16 * Mebibyte);
        using var parents = new ParentCache(Mebibyte);
        using VhdxDisk disk = VhdxDisk.CreateDifferencing(folder.File("child.vhdx"), parent, VhdxTestDisk.CreateOptions(parents: parents));
        byte[] small = new byte[1024];
        for (long offset = 0; offset < disk.Length; offset += 1024)
        {
            disk.ReadAt(offset, small);
        }

        Assert.InRange(parents.HeldBytes, Mebibyte / 2, Mebibyte);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ParentCache(-1));
    }

    [Fact]
    public void Many_threads_read_one_chain_at_once()
    {
        CrashFileSystem files = VhdxImage.ChildAndParent(Child);
        using VhdxDisk disk = VhdxTestDisk.OpenForReading(Child, files);
        byte[] expected = VhdxTestDisk.Read(disk, 0, VhdxImage.Length);
        using VhdxDisk cold = VhdxTestDisk.OpenForReading(Child, files);
        Parallel.For(0, 32, number =>
        {
            var random = new Random(number);
            for (int round = 0; round < 60; round++)
            {
                int count = random.Next(1, 20000);
                int offset = random.Next(expected.Length - count);
                Assert.True(expected.AsSpan(offset, count).SequenceEqual(VhdxTestDisk.Read(cold, offset, count)));
            }
        });
    }
}
