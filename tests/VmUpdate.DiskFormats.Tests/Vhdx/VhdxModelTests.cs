using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>Seeded random writes and reads, compared with a plain array of bytes.</summary>
public sealed class VhdxModelTests : IDisposable
{
    private const int Mebibyte = VhdxTestDisk.Mebibyte;
    private const int Length = (21 * Mebibyte) + 4096;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 512, 1)]
    [InlineData(2, 512, 2)]
    [InlineData(3, 4096, 2)]
    [InlineData(4, 4096, 8)]
    public void A_dynamic_disk_holds_what_was_written(int seed, int sectorSize, int blockMebibytes)
    {
        string path = _folder.File("disk.vhdx");
        var options = new VhdxCreateOptions
        {
            Files = VhdxTestDisk.Host,
            NewGuid = VhdxTestDisk.NextGuid,
            BlockSize = blockMebibytes * Mebibyte,
            LogicalSectorSize = sectorSize,
        };
        byte[] model = new byte[Length];
        using (VhdxDisk disk = VhdxDisk.CreateDynamic(path, Length, options))
        {
            Work(disk, model, seed, 40);
            disk.Complete();
        }

        WorkOnOpened(path, model, seed);
    }

    [Theory]
    [InlineData(11, 512)]
    [InlineData(12, 512)]
    [InlineData(13, 4096)]
    public void A_child_holds_what_was_written_over_what_its_parent_holds(int seed, int sectorSize)
    {
        string parent = _folder.File("parent.vhdx");
        string path = _folder.File("child.vhdx");
        VhdxTestDisk.MakeDynamic(parent, Length, seed, sectorSize: sectorSize);
        byte[] model;
        using (VhdxDisk disk = VhdxTestDisk.OpenForReading(parent))
        {
            model = VhdxTestDisk.Read(disk, 0, Length);
        }

        byte[] before = File.ReadAllBytes(parent);
        using (VhdxDisk disk = VhdxDisk.CreateDifferencing(path, parent, VhdxTestDisk.CreateOptions()))
        {
            Assert.Equal(sectorSize, disk.LogicalSectorSize);
            Work(disk, model, seed, 40);
            disk.Complete();
        }

        WorkOnOpened(path, model, seed);
        Assert.Equal(before, File.ReadAllBytes(parent));
    }

    [Fact]
    public void A_fixed_disk_holds_what_was_written()
    {
        string path = _folder.File("fixed.vhdx");
        byte[] model = new byte[Length];
        using (VhdxDisk disk = VhdxDisk.CreateFixed(path, Length, VhdxTestDisk.CreateOptions()))
        {
            Work(disk, model, 5, 20);
            disk.Complete();
        }

        WorkOnOpened(path, model, 5);
        using VhdxDisk read = VhdxTestDisk.OpenForReading(path);
        Assert.Equal(VhdxKind.Fixed, read.Chain[0].Kind);
    }

    private static void WorkOnOpened(string path, byte[] model, int seed)
    {
        for (int round = 1; round <= 2; round++)
        {
            using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(path))
            {
                Assert.Equal(model, VhdxTestDisk.Read(disk, 0, Length));
                Work(disk, model, seed + (100 * round), 40);
            }

            using VhdxDisk read = VhdxTestDisk.OpenForReading(path);
            Assert.Equal(model, VhdxTestDisk.Read(read, 0, Length));
            Assert.False(read.Chain[0].HadPendingLog);
        }
    }

    private static void Work(VhdxDisk disk, byte[] model, int seed, int steps)
    {
        var random = new Random(seed);
        for (int step = 0; step < steps; step++)
        {
            int count = random.Next(4) == 0 ? random.Next(3 * Mebibyte) : random.Next(20000);
            int offset = random.Next(Length - count);
            if (random.Next(3) > 0)
            {
                offset -= offset % 512;
                count = Math.Min((count + 511) / 512 * 512, Length - offset);
            }

            if (random.Next(3) == 0)
            {
                Assert.True(model.AsSpan(offset, count).SequenceEqual(VhdxTestDisk.Read(disk, offset, count)), $"seed {seed}, step {step}");
                continue;
            }

            byte[] bytes = VhdxTestDisk.Bytes(count, (seed * 1000) + step);
            bytes.CopyTo(model, offset);
            disk.WriteAt(offset, bytes);
            if (random.Next(5) == 0)
            {
                disk.Flush();
            }
        }
    }
}
