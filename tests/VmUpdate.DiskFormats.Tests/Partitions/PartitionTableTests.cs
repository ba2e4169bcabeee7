using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Partitions;
using VmUpdate.DiskFormats.Tests.Vhdx;
using VmUpdate.Simulation.Files;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Partitions;

public sealed class PartitionTableTests
{
    private const int Mebibyte = 1024 * 1024;

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_table_that_we_wrote_is_read_back(int sectorSize)
    {
        using var disk = MakeGpt(sectorSize);
        PartitionTable table = PartitionTable.Read(disk);
        Assert.Equal(PartitionTableKind.Gpt, table.Kind);
        RequireTwo(table);
        disk.WriteAt(2 * Mebibyte, "volume"u8);
        using IBlockDevice volume = table.Partitions[1].Open(disk);
        Assert.Equal("volume"u8.ToArray(), VhdxTestDisk.Read(volume, 0, 6));
        Assert.Equal(5 * Mebibyte, volume.Length);
        Assert.Equal(DiskFormatDefect.Truncated, Assert.Throws<DiskFormatException>(() => volume.ReadAt((5 * Mebibyte) - 1, new byte[2])).Defect);
        Assert.Equal(DiskFormatDefect.OutOfBounds, Assert.Throws<DiskFormatException>(() => volume.WriteAt(5 * Mebibyte, [1])).Defect);
        volume.WriteAt((5 * Mebibyte) - 1, [7]);
        Assert.Equal([7], VhdxTestDisk.Read(disk, (7 * Mebibyte) - 1, 1));
    }

    [Theory]
    [InlineData(512, 512)]
    [InlineData(512, 1024)]
    [InlineData(512, 530)]
    [InlineData(4096, 4096)]
    [InlineData(4096, 8192)]
    [InlineData(512, 0)]
    public void The_backup_is_used_when_the_first_copy_is_damaged(int sectorSize, int damagedByte)
    {
        using var disk = MakeGpt(sectorSize);
        disk.WriteAt(damagedByte, damagedByte == 0 ? new byte[sectorSize] : [0xEE]);
        RequireTwo(PartitionTable.Read(disk));
    }

    [Fact]
    public void Two_damaged_copies_are_one_clear_failure()
    {
        using var disk = MakeGpt(512);
        disk.WriteAt(512 + 60, [0xEE]);
        disk.WriteAt(disk.Length - 512 + 60, [0xEE]);
        DiskFormatException failure = Assert.Throws<DiskFormatException>(() => PartitionTable.Read(disk));
        Assert.Equal(DiskFormatDefect.WrongChecksum, failure.Defect);
        Assert.Contains("neither of the two", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Primary_and_logical_partitions_are_numbered_as_the_hosts_do()
    {
        using var disk = new MemoryDisk(64 * Mebibyte);
        WriteRecord(disk, 0, (0x07, 2048, 2048), (0x42, 63, 100), (0x0F, 8192, 20000));
        WriteRecord(disk, 8192, (0x07, 64, 1000), (0x05, 2000, 3000));
        WriteRecord(disk, 10192, (0x83, 64, 500));
        PartitionTable table = PartitionTable.Read(disk);
        Assert.Equal(PartitionTableKind.Mbr, table.Kind);
        Assert.Equal(
            [(1, 2048L, 0x07), (2, 63L, 0x42), (5, 8256L, 0x07), (6, 10256L, 0x83)],
            table.Partitions.Select(partition => (partition.Number, partition.Offset / 512, (int)partition.MbrType)));
        Assert.Equal(1000 * 512, table.Partitions[2].Length);
    }

    [Fact]
    public void Extended_records_that_lead_back_to_themselves_end()
    {
        using var disk = new MemoryDisk(Mebibyte);
        WriteRecord(disk, 0, (0x0F, 100, 1000));
        WriteRecord(disk, 100, (0x07, 1, 10), (0x05, 10, 10));
        WriteRecord(disk, 110, (0x07, 1, 10), (0x05, 10, 10));
        Assert.Equal(DiskFormatDefect.LimitExceeded, Assert.Throws<DiskFormatException>(() => PartitionTable.Read(disk)).Defect);
    }

    [Fact]
    public void A_partition_behind_the_disks_end_is_listed_and_not_opened()
    {
        using var disk = new MemoryDisk(Mebibyte);
        WriteRecord(disk, 0, (0x07, 1000, uint.MaxValue));
        Partition partition = Assert.Single(PartitionTable.Read(disk).Partitions);
        Assert.Equal(DiskFormatDefect.Truncated, Assert.Throws<DiskFormatException>(() => partition.Open(disk)).Defect);
    }

    [Fact]
    public void A_volume_without_a_table_is_the_whole_disk()
    {
        using var disk = new MemoryDisk(Mebibyte);
        disk.WriteAt(3, "NTFS    "u8);
        disk.WriteAt(510, [0x55, 0xAA]);
        PartitionTable table = PartitionTable.Read(disk);
        Assert.Equal(PartitionTableKind.None, table.Kind);
        Assert.Equal(new Partition(0, 0, Mebibyte, Guid.Empty, 0), Assert.Single(table.Partitions));
    }

    [Fact]
    public void An_empty_disk_has_no_partitions()
    {
        using var disk = new MemoryDisk(Mebibyte);
        Assert.Empty(PartitionTable.Read(disk).Partitions);
        using var tiny = new MemoryDisk(100);
        Assert.Empty(PartitionTable.Read(tiny).Partitions);
    }

    [Fact]
    public void Random_bytes_are_a_table_or_a_clear_failure()
    {
        for (int seed = 0; seed < 2000; seed++)
        {
            using var disk = MakeGpt(512);
            var random = new Random(seed);
            for (int change = 0; change < 4; change++)
            {
                disk.WriteAt(random.Next(2) == 0 ? random.Next(2048) : disk.Length - 1 - random.Next(1024), [(byte)random.Next(256)]);
            }

            try
            {
                PartitionTable.Read(disk);
            }
            catch (DiskFormatException)
            {
                // A failure that names its place is the other right answer.
            }
        }
    }

    [Fact]
    public void Partitions_that_overlap_or_do_not_fit_are_not_written()
    {
        using var disk = new MemoryDisk(8 * Mebibyte);
        void RequireRefused(params GptPartition[] partitions)
        {
            Assert.Throws<ArgumentException>(() => GptWriter.Write(disk, partitions, VhdxTestDisk.NextGuid));
            Assert.Equal(new byte[2048], VhdxTestDisk.Read(disk, 0, 2048));
        }

        RequireRefused(new GptPartition(GptPartitionTypes.BasicData, 0, Mebibyte, "x"));
        RequireRefused(new GptPartition(GptPartitionTypes.BasicData, Mebibyte, 7 * Mebibyte, "x"));
        RequireRefused(new GptPartition(GptPartitionTypes.BasicData, Mebibyte, 100, "x"));
        RequireRefused(
            new GptPartition(GptPartitionTypes.BasicData, 2 * Mebibyte, Mebibyte, "x"),
            new GptPartition(GptPartitionTypes.BasicData, Mebibyte, Mebibyte + 512, "y"));
    }

    [Fact]
    [Trait("Kind", "Judge")]
    public void Sfdisk_accepts_the_table_that_we_wrote()
    {
        Judges.Require("sfdisk");
        using var folder = new TempFolder();
        using var disk = MakeGpt(512);
        string path = folder.File("disk.raw");
        File.WriteAllBytes(path, VhdxTestDisk.Read(disk, 0, (int)disk.Length));
        (int code, string output) = Judges.Run("sfdisk", "--verify", path);
        Assert.Equal(0, code);
        Assert.Contains("No errors detected", output, StringComparison.Ordinal);
        string dump = Judges.Run("sfdisk", "--dump", path).Output;
        Assert.Contains("start=        4096, size=       10240", dump, StringComparison.Ordinal);
        Assert.Contains("name=\"Basic data\"", dump, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Kind", "Judge")]
    public void A_partition_of_a_dynamic_disk_is_listed()
    {
        using var folder = new TempFolder();
        string path = Corpora.Open("ntfs/plaso-usnjrnl.raw.gz", folder);
        using var disk = new MemoryDisk(new FileInfo(path).Length);
        using FileStream file = File.OpenRead(path);
        byte[] first = new byte[512];
        file.ReadExactly(first);
        disk.WriteAt(0, first);
        Partition partition = Assert.Single(PartitionTable.Read(disk).Partitions);
        Assert.Equal(32256, partition.Offset);
        Assert.Equal(0x42, partition.MbrType);
    }

    private static MemoryDisk MakeGpt(int sectorSize)
    {
        var disk = new MemoryDisk(8 * Mebibyte, sectorSize);
        GptWriter.Write(
            disk,
            [
                new GptPartition(GptPartitionTypes.EfiSystem, Mebibyte, Mebibyte, "EFI"),
                new GptPartition(GptPartitionTypes.BasicData, 2 * Mebibyte, 5 * Mebibyte, "Basic data"),
            ],
            VhdxTestDisk.NextGuid);
        return disk;
    }

    private static void RequireTwo(PartitionTable table) => Assert.Equal(
        [
            new Partition(1, Mebibyte, Mebibyte, GptPartitionTypes.EfiSystem, 0),
            new Partition(2, 2 * Mebibyte, 5 * Mebibyte, GptPartitionTypes.BasicData, 0),
        ],
        table.Partitions);

    private static void WriteRecord(MemoryDisk disk, long sector, params (byte Type, uint First, uint Count)[] entries)
    {
        byte[] record = new byte[512];
        for (int index = 0; index < entries.Length; index++)
        {
            Span<byte> entry = record.AsSpan(446 + (index * 16), 16);
            entry[4] = entries[index].Type;
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], entries[index].First);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], entries[index].Count);
        }

        record[510] = 0x55;
        record[511] = 0xAA;
        disk.WriteAt(sector * 512, record);
    }
}
