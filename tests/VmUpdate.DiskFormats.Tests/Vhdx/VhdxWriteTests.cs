using System.Buffers.Binary;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>What a write changes in a file, and in which order; what it must leave.</summary>
public sealed class VhdxWriteTests
{
    private const int Mebibyte = VhdxTestDisk.Mebibyte;
    private const string Child = "/disks/child.vhdx";

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(1)]
    public void A_small_write_to_a_block_that_hides_the_parents_leaves_zeros_around_it(int state)
    {
        // Block 0 of the parent is full of bytes; the child's block 0 hides it.
        CrashFileSystem files = VhdxImage.ChildAndParent("/disks/other.vhdx");
        VhdxImage image = VhdxImage.Of(files, "/disks/other.vhdx");
        BinaryPrimitives.WriteInt64LittleEndian(image.BatEntry(0), state);
        files.Add(Child, image.Bytes);
        byte[] bytes = VhdxTestDisk.Bytes(512, 9);
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(Child, files))
        {
            Assert.Equal(new byte[2 * Mebibyte], VhdxTestDisk.Read(disk, 0, 2 * Mebibyte));
            disk.WriteAt(8192, bytes);
        }

        byte[] expected = new byte[2 * Mebibyte];
        bytes.CopyTo(expected, 8192);
        using VhdxDisk read = VhdxTestDisk.OpenForReading(Child, files);
        Assert.Equal(expected, VhdxTestDisk.Read(read, 0, 2 * Mebibyte));
    }

    [Fact]
    public void A_block_that_was_given_back_and_comes_again_shows_the_parents_bytes_around_the_new_ones()
    {
        // The bitmap still says that sector 2048 of block 0 is the child's, from before the block was taken away.
        CrashFileSystem files = VhdxImage.ChildAndParent("/disks/other.vhdx");
        VhdxImage image = VhdxImage.Of(files, "/disks/other.vhdx");
        image.BatEntry(0).Clear();
        files.Add(Child, image.Bytes);
        byte[] parent = VhdxTestDisk.Bytes(2 * Mebibyte, 1);
        byte[] bytes = VhdxTestDisk.Bytes(512, 9);
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(Child, files))
        {
            disk.WriteAt(0, bytes);
        }

        bytes.CopyTo(parent, 0);
        using VhdxDisk read = VhdxTestDisk.OpenForReading(Child, files);
        Assert.Equal(parent, VhdxTestDisk.Read(read, 0, 2 * Mebibyte));
    }

    [Fact]
    public void A_new_block_never_shows_what_lay_behind_the_files_end()
    {
        VhdxImage image = VhdxImage.Dynamic();
        int end = image.Bytes.Length;
        image.Resize(end + (3 * Mebibyte) + 1234);
        image.Bytes.AsSpan(end).Fill(0xEE);
        CrashFileSystem files = image.ToFiles();
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(VhdxImage.Path, files))
        {
            disk.WriteAt(2 * Mebibyte, [1]);
        }

        byte[] expected = new byte[4 * Mebibyte];
        expected[0] = 1;
        using VhdxDisk read = VhdxTestDisk.OpenForReading(VhdxImage.Path, files);
        Assert.Equal(expected, VhdxTestDisk.Read(read, 2 * Mebibyte, 4 * Mebibyte));
    }

    [Fact]
    public void Ids_change_before_the_first_write_and_not_for_an_open()
    {
        CrashFileSystem files = VhdxImage.Dynamic().ToFiles();
        VhdxHeader before = VhdxImage.Of(files, VhdxImage.Path).ReadHeader();
        using (VhdxTestDisk.OpenForWriting(VhdxImage.Path, files))
        {
        }

        Assert.Equal(before, VhdxImage.Of(files, VhdxImage.Path).ReadHeader());
        var first = new List<string>();
        files.AfterChange = first.Add;
        VhdxHeader during;
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(VhdxImage.Path, files))
        {
            disk.WriteAt(0, [1]);
            during = VhdxImage.Of(files, VhdxImage.Path).ReadHeader();
            Assert.NotEqual(before.DataWriteGuid, during.DataWriteGuid);
            Assert.NotEqual(before.FileWriteGuid, during.FileWriteGuid);
            disk.WriteAt(0, [2]);
            Assert.Equal(during, VhdxImage.Of(files, VhdxImage.Path).ReadHeader());
        }

        // The current copy was the second: the first is written, then the second, and only then data.
        Assert.Equal(
            ["write disk.vhdx 0x10000+0x1000", "write disk.vhdx 0x20000+0x1000", "write disk.vhdx 0x400000+0x1"], first.Take(3));
    }

    [Fact]
    public void A_parent_that_was_written_to_no_longer_matches_its_child()
    {
        CrashFileSystem files = VhdxImage.ChildAndParent(Child);
        using (VhdxDisk parent = VhdxTestDisk.OpenForWriting(VhdxImage.Path, files))
        {
            parent.WriteAt(0, [1]);
        }

        DiskFormatException failure = Assert.Throws<DiskFormatException>(() => VhdxTestDisk.OpenForReading(Child, files));
        Assert.Equal(DiskFormatDefect.ParentMismatch, failure.Defect);
        Assert.Contains("was written to since", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_write_goes_to_the_host_in_the_order_data_log_table()
    {
        CrashFileSystem files = VhdxImage.Dynamic().ToFiles();
        var changes = new List<string>();
        files.AfterChange = changes.Add;
        files.BeforeFlush = _ => changes.Add("flush");
        using VhdxDisk disk = VhdxTestDisk.OpenForWriting(VhdxImage.Path, files);
        disk.WriteAt(2 * Mebibyte, new byte[512]);
        changes.Clear();
        disk.WriteAt(4 * Mebibyte, new byte[512]);
        disk.Flush();
        Assert.Equal(
            [
                "set length disk.vhdx 0xA00000",
                "write disk.vhdx 0x800000+0x200",
                "flush",
                "write disk.vhdx 0x100000+0x2000",
                "flush",
                "write disk.vhdx 0x10000+0x1000",
                "flush",
                "write disk.vhdx 0x20000+0x1000",
                "flush",
                "write disk.vhdx 0x300000+0x1000",
            ],
            changes);
    }

    [Fact]
    public void A_flush_of_nothing_costs_nothing_and_one_of_data_alone_one()
    {
        CrashFileSystem files = VhdxImage.Dynamic().ToFiles();
        using VhdxDisk disk = VhdxTestDisk.OpenForWriting(VhdxImage.Path, files);
        disk.WriteAt(0, [1]);
        disk.Flush();
        int before = files.FlushCount;
        disk.Flush();
        Assert.Equal(before, files.FlushCount);
        disk.WriteAt(0, [2]);
        disk.Flush();
        Assert.Equal(before + 1, files.FlushCount);
    }

    [Fact]
    public void More_changed_pages_than_a_log_entry_holds_go_in_several()
    {
        // Two sectors in every second chunk of 4 GiB: each needs a bitmap of its own.
        const long length = 600L << 32;
        const string parent = "/disks/big.vhdx";
        var files = new CrashFileSystem();
        files.CreateFolder("/disks", false);
        VhdxDisk.CreateDynamic(parent, length, VhdxTestDisk.CreateOptions(files)).CompleteAndDispose();
        VhdxDisk.CreateDifferencing(Child, parent, VhdxTestDisk.CreateOptions(files)).CompleteAndDispose();
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(Child, files))
        {
            for (int number = 0; number < 300; number++)
            {
                disk.WriteAt((long)number << 33, VhdxTestDisk.Bytes(512, number));
            }
        }

        using VhdxDisk read = VhdxTestDisk.OpenForReading(Child, files.AfterPowerLoss(1, 0).First().Files);
        for (int number = 0; number < 300; number++)
        {
            Assert.Equal(VhdxTestDisk.Bytes(512, number), VhdxTestDisk.Read(read, (long)number << 33, 512));
            Assert.Equal(new byte[512], VhdxTestDisk.Read(read, ((long)number << 33) + 512, 512));
        }
    }

    [Fact]
    public void A_fixed_disk_has_all_its_blocks_from_the_start()
    {
        var files = new CrashFileSystem();
        files.CreateFolder("/disks", false);
        VhdxDisk.CreateFixed(VhdxImage.Path, VhdxImage.Length, VhdxTestDisk.CreateOptions(files)).CompleteAndDispose();
        VhdxImage image = VhdxImage.Of(files, VhdxImage.Path);
        for (int block = 0; block < 3; block++)
        {
            Assert.Equal(VhdxImage.FirstBlock + (block * 2L * Mebibyte) + 6, BinaryPrimitives.ReadInt64LittleEndian(image.BatEntry(block)));
        }

        Assert.Equal(VhdxImage.FirstBlock + (6 * Mebibyte), image.Bytes.Length);
    }

    [Fact]
    public void A_new_child_takes_room_only_for_what_was_written()
    {
        CrashFileSystem files = VhdxImage.Dynamic().ToFiles();
        using VhdxDisk disk = VhdxDisk.CreateDifferencing(Child, VhdxImage.Path, VhdxTestDisk.CreateOptions(files));
        disk.WriteAt(0, new byte[4096]);
        disk.WriteAt(5 * Mebibyte, new byte[4096]);
        disk.Complete();
        Assert.InRange(files.Allocated(Child), 8192, 8192 + (256 * 1024));
    }

    [Fact]
    public void Writing_where_one_may_not_is_refused_by_name()
    {
        CrashFileSystem files = VhdxImage.Dynamic().ToFiles();
        using (VhdxDisk disk = VhdxTestDisk.OpenForReading(VhdxImage.Path, files))
        {
            Assert.False(disk.CanWrite);
            Assert.Equal(HostFileFailure.AccessDenied, Assert.Throws<HostFileException>(() => disk.WriteAt(0, [1])).Failure);
            Assert.Equal(DiskFormatDefect.Truncated, Assert.Throws<DiskFormatException>(() => disk.ReadAt(disk.Length, new byte[1])).Defect);
            Assert.Equal(DiskFormatDefect.Truncated, Assert.Throws<DiskFormatException>(() => disk.ReadAt(-1, new byte[1])).Defect);
        }

        using VhdxDisk writer = VhdxTestDisk.OpenForWriting(VhdxImage.Path, files);
        Assert.Equal(DiskFormatDefect.OutOfBounds, Assert.Throws<DiskFormatException>(() => writer.WriteAt(writer.Length, [1])).Defect);
        Assert.Throws<ArgumentException>(() => VhdxDisk.Open(VhdxImage.Path, new VhdxOpenOptions { Files = files, Writable = true }));
    }

    [Theory]
    [InlineData(0L, 2, 512)]
    [InlineData(513L, 2, 512)]
    [InlineData(4096L, 3, 512)]
    [InlineData(4096L, 512, 512)]
    [InlineData(4096L, 2, 520)]
    [InlineData((64L << 40) + 512, 2, 512)]
    public void A_disk_that_cannot_be_is_not_made(long length, int blockMebibytes, int sectorSize)
    {
        var files = new CrashFileSystem();
        files.CreateFolder("/disks", false);
        var options = new VhdxCreateOptions
        {
            Files = files,
            NewGuid = VhdxTestDisk.NextGuid,
            BlockSize = blockMebibytes * Mebibyte,
            LogicalSectorSize = sectorSize,
        };
        Assert.Throws<ArgumentException>(() => VhdxDisk.CreateDynamic(VhdxImage.Path, length, options));
        Assert.Empty(files.OpenFolder("/disks").Enumerate());
    }

    [Fact]
    public void A_full_volume_at_any_moment_is_one_clear_failure_and_the_disk_stays_whole()
    {
        for (int failAt = 1; failAt < 22; failAt++)
        {
            CrashFileSystem files = VhdxImage.ChildAndParent(Child);
            byte[] before;
            using (VhdxDisk disk = VhdxTestDisk.OpenForReading(Child, files))
            {
                before = VhdxTestDisk.Read(disk, 0, VhdxImage.Length);
            }

            var history = new SectorHistory(before);
            var full = new FaultingFileSystem(files) { FailAt = failAt, StaysBroken = true };
            byte[] bytes = VhdxTestDisk.Bytes(3 * Mebibyte, 4);
            history.Write(Mebibyte, bytes);
            try
            {
                using VhdxDisk disk = VhdxTestDisk.OpenForWriting(Child, full);
                disk.WriteAt(Mebibyte, bytes);
                disk.Flush();
                history.Flushed();
            }
            catch (HostFileException failure)
            {
                Assert.Equal(HostFileFailure.DiskFull, failure.Failure);
            }

            CrashFileSystem after = files.AfterKill();
            using VhdxDisk found = VhdxTestDisk.OpenForReading(Child, after);
            history.RequirePossible(VhdxTestDisk.Read(found, 0, VhdxImage.Length), $"failed at change {failAt}");
        }
    }

    [Theory]
    [InlineData(HostFileFailure.Io)]
    [InlineData(HostFileFailure.DiskFull)]
    public void After_a_failed_flush_nothing_more_is_written_and_the_next_open_finds_what_was_flushed(HostFileFailure cause)
    {
        CrashFileSystem files = VhdxImage.ChildAndParent(Child);
        var faulty = new FaultingFileSystem(files) { Failure = cause };
        byte[] bytes = VhdxTestDisk.Bytes(4096, 5);
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(Child, faulty))
        {
            disk.WriteAt(2 * Mebibyte, bytes);
            disk.Flush();
            disk.WriteAt(4 * Mebibyte, bytes);
            faulty.FailAt = faulty.Changes + 1;
            Assert.Equal(cause, Assert.Throws<HostFileException>(disk.Flush).Failure);
            int changes = faulty.Changes;
            HostFileException failure = Assert.Throws<HostFileException>(() => disk.WriteAt(0, bytes));
            Assert.Contains("opened anew", failure.Message, StringComparison.Ordinal);
            Assert.Throws<HostFileException>(disk.Flush);
            Assert.Equal(changes, faulty.Changes);
        }

        using VhdxDisk found = VhdxTestDisk.OpenForWriting(Child, files);
        Assert.True(found.Chain[0].HadPendingLog);
        Assert.Equal(bytes, VhdxTestDisk.Read(found, 2 * Mebibyte, 4096));
        Assert.Equal(new byte[4096], VhdxTestDisk.Read(found, 4 * Mebibyte, 4096));
    }

    [Fact]
    public void A_child_that_could_not_be_made_leaves_no_file()
    {
        CrashFileSystem files = VhdxImage.Dynamic().ToFiles();
        var full = new FaultingFileSystem(files) { FailAt = 2 };
        Assert.Throws<HostFileException>(() => VhdxDisk.CreateDifferencing(Child, VhdxImage.Path, VhdxTestDisk.CreateOptions(full)));
        Assert.Equal(["disk.vhdx"], files.OpenFolder("/disks").Enumerate());
        VhdxTestDisk.OpenForWriting(VhdxImage.Path, files).Dispose();
        Assert.Throws<HostFileException>(() => VhdxDisk.CreateDynamic(VhdxImage.Path, Mebibyte, VhdxTestDisk.CreateOptions(files)));
        Assert.True(files.OpenFolder("/disks").Exists("disk.vhdx"));
    }
}
