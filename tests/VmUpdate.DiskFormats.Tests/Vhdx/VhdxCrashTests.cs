using System.Buffers;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>The power fails at every flush, in every way that a host allows.</summary>
[Trait("Kind", "Crash")]
public sealed class VhdxCrashTests
{
    private const int Mebibyte = VhdxTestDisk.Mebibyte;
    private const int Length = 5 * Mebibyte;
    private const string Parent = "/disks/parent.vhdx";
    private const string Leaf = "/disks/leaf.vhdx";

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public void A_disk_that_is_written_to_holds_all_that_was_flushed_after_any_crash(int seed, bool isChild)
    {
        CrashFileSystem files = MakeLeaf(isChild, seed, out byte[] content);
        var history = new SectorHistory(content);
        int crashes = 0;
        string step = "open";
        files.BeforeFlush = _ =>
        {
            foreach (CrashImage image in files.AfterPowerLoss(seed))
            {
                RequireRecovers(image.Files, history, $"seed {seed}, {step}: {image.What}", depth: 1);
                crashes++;
            }
        };
        files.AfterChange = what => RequireRecovers(files.AfterKill(), history, $"seed {seed}, {step}: killed after {what}", depth: 0);

        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(Leaf, files))
        {
            var random = new Random(seed);
            for (int number = 0; number < 8; number++)
            {
                step = $"step {number}";
                int offset = random.Next((Length - Mebibyte) / 512) * 512;
                byte[] bytes = VhdxTestDisk.Bytes(512 * (1 + random.Next(random.Next(3) == 0 ? 2000 : 20)), (seed * 100) + number);
                history.Write(offset, bytes);
                disk.WriteAt(offset, bytes);
                if (random.Next(3) == 0)
                {
                    disk.Flush();
                    history.Flushed();
                }
            }

            step = "close";
        }

        history.Flushed();
        files.BeforeFlush = null;
        Assert.All(files.AfterPowerLoss(seed), image => RequireRecovers(image.Files, history, image.What, depth: 0));
        Assert.True(crashes > 60, $"only {crashes} crashes were tried");
    }

    [Theory]
    [InlineData(21, false)]
    [InlineData(22, true)]
    public void A_disk_under_construction_is_refused_or_whole_after_any_crash(int seed, bool isChild)
    {
        var files = new CrashFileSystem();
        files.CreateFolder("/disks", false);
        byte[] content = new byte[Length];
        if (isChild)
        {
            files = MakeLeaf(isChild: false, seed, out content);
            files.OpenFolder("/disks").Rename("leaf.vhdx", "parent.vhdx");
            files.OpenFolder("/disks").Flush();
        }

        bool isComplete = false;
        int whole = 0;
        void Judge()
        {
            foreach (CrashImage image in files.AfterPowerLoss(seed))
            {
                whole += RequireRefusedOrWhole(image, content, isComplete) ? 1 : 0;
            }
        }

        files.BeforeFlush = _ => Judge();
        VhdxCreateOptions options = VhdxTestDisk.CreateOptions(files);
        int before = files.FlushCount;
        using (VhdxDisk disk = isChild ? VhdxDisk.CreateDifferencing(Leaf, Parent, options) : VhdxDisk.CreateDynamic(Leaf, Length, options))
        {
            for (int number = 0; number < 6; number++)
            {
                byte[] bytes = VhdxTestDisk.Bytes(10 * 512, (seed * 100) + number);
                bytes.CopyTo(content, number * 1237 * 512);
                disk.WriteAt(number * 1237 * 512, bytes);
                disk.Flush();
            }

            disk.Complete();
            isComplete = true;
            Assert.InRange(files.FlushCount - before, 1, 4);
            Judge();
        }

        files.BeforeFlush = null;
        Assert.Equal(0, files.FlushCount - before - 3);
        Judge();
        Assert.True(whole > 2);
    }

    [Fact]
    public void A_child_written_to_after_its_completion_survives_any_crash_too()
    {
        CrashFileSystem files = MakeLeaf(isChild: true, 31, out byte[] content);
        using VhdxDisk disk = VhdxDisk.CreateDifferencing("/disks/second.vhdx", Leaf, VhdxTestDisk.CreateOptions(files));
        disk.WriteAt(0, content.AsSpan(0, 4096));
        disk.Complete();
        Guid complete = disk.DataWriteGuid;
        var history = new SectorHistory(content);
        files.BeforeFlush = _ =>
        {
            foreach (CrashImage image in files.AfterPowerLoss(31, 4))
            {
                using VhdxDisk found = VhdxTestDisk.OpenForReading("/disks/second.vhdx", image.Files);
                history.RequirePossible(VhdxTestDisk.Read(found, 0, Length), image.What);
            }
        };
        byte[] bytes = VhdxTestDisk.Bytes(3 * Mebibyte, 3);
        history.Write(Mebibyte, bytes);
        disk.WriteAt(Mebibyte, bytes);
        disk.Flush();
        history.Flushed();
        Assert.NotEqual(complete, disk.DataWriteGuid);
    }

    private static CrashFileSystem MakeLeaf(bool isChild, int seed, out byte[] content)
    {
        var files = new CrashFileSystem();
        files.CreateFolder("/disks", false);
        VhdxCreateOptions options = VhdxTestDisk.CreateOptions(files);
        content = new byte[Length];
        using (VhdxDisk disk = VhdxDisk.CreateDynamic(isChild ? Parent : Leaf, Length, options))
        {
            byte[] bytes = VhdxTestDisk.Bytes(Mebibyte, seed);
            bytes.CopyTo(content, Mebibyte + 4096);
            disk.WriteAt(Mebibyte + 4096, bytes);
            disk.Complete();
        }

        if (isChild)
        {
            using VhdxDisk disk = VhdxDisk.CreateDifferencing(Leaf, Parent, options);
            byte[] bytes = VhdxTestDisk.Bytes(700 * 512, seed + 1);
            bytes.CopyTo(content, 2 * Mebibyte);
            disk.WriteAt(2 * Mebibyte, bytes);
            disk.Complete();
        }

        return files;
    }

    /// <summary>Reads as it lies, then lets a writer replay and reads again; at depth 1 the replay crashes too.</summary>
    private static void RequireRecovers(CrashFileSystem files, SectorHistory history, string what, int depth)
    {
        // Tens of thousands of disks are read here: their bytes go to memory that is used again.
        byte[] found = ArrayPool<byte>.Shared.Rent(Length);
        byte[] second = ArrayPool<byte>.Shared.Rent(Length);
        try
        {
            RequireRecovers(files, history, what, depth, found.AsSpan(0, Length), second.AsSpan(0, Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(found);
            ArrayPool<byte>.Shared.Return(second);
        }
    }

    private static void RequireRecovers(
        CrashFileSystem files, SectorHistory history, string what, int depth, Span<byte> found, Span<byte> second)
    {
        bool pending;
        using (VhdxDisk disk = VhdxTestDisk.OpenForReading(Leaf, files))
        {
            pending = disk.Chain[0].HadPendingLog;
            disk.ReadAt(0, found);
            history.RequirePossible(found, what);
        }

        if (!pending)
        {
            return;
        }

        var images = new List<CrashImage>();
        if (depth > 0)
        {
            files.BeforeFlush = _ => images.AddRange(files.AfterPowerLoss(7, 1));
        }

        using (VhdxTestDisk.OpenForWriting(Leaf, files))
        {
        }

        files.BeforeFlush = null;
        foreach (CrashImage image in images)
        {
            using VhdxDisk again = VhdxTestDisk.OpenForReading(Leaf, image.Files);
            again.ReadAt(0, second);
            Assert.True(found.SequenceEqual(second), $"{what}, then in the replay: {image.What}");
        }

        using VhdxDisk replayed = VhdxTestDisk.OpenForReading(Leaf, files.AfterPowerLoss(0).First().Files);
        Assert.False(replayed.Chain[0].HadPendingLog);
        replayed.ReadAt(0, second);
        Assert.True(found.SequenceEqual(second), $"{what}: the replay changed what is read");
    }

    private static bool RequireRefusedOrWhole(CrashImage image, byte[] content, bool mustBeWhole)
    {
        try
        {
            using VhdxDisk disk = VhdxTestDisk.OpenForReading(Leaf, image.Files);
            Assert.True(content.AsSpan().SequenceEqual(VhdxTestDisk.Read(disk, 0, Length)), image.What);
            return true;
        }
        catch (HostFileException failure) when (!mustBeWhole)
        {
            Assert.Equal(HostFileFailure.NotFound, failure.Failure);
            return false;
        }
        catch (DiskFormatException failure) when (!mustBeWhole)
        {
            Assert.Equal(DiskFormatDefect.WrongFormat, failure.Defect);
            return false;
        }
    }
}
