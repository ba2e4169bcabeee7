using VmUpdate.DiskFormats.Checksums;
using VmUpdate.DiskFormats.Partitions;

namespace VmUpdate.Fuzz.Targets;

/// <summary>GPT and MBR.</summary>
public sealed class PartitionTarget : FuzzTarget
{
    private const int Sector = 512;

    private readonly byte[][][] _seeds = [[Gpt()], [Mbr()]];

    public override string Name => "partitions";

    protected override IReadOnlyList<byte[][]> Seeds => _seeds;

    protected override void Repair(FuzzFile[] files)
    {
        RepairHeader(files[0], Sector);
        RepairHeader(files[0], files[0].Length - Sector);
    }

    protected override void Exercise(FuzzFile[] files, Random random)
    {
        PartitionTable table = PartitionTable.Read(files[0]);
        foreach (Partition partition in table.Partitions)
        {
            using var device = partition.Open(files[0]);
            byte[] buffer = new byte[(int)Math.Min(device.Length, 4096)];
            device.ReadAt(0, buffer);
            device.ReadAt(device.Length - buffer.Length, buffer);
        }
    }

    private static byte[] Gpt()
    {
        var disk = new FuzzFile(new byte[4 * 1024 * 1024]);
        byte next = 1;
        GptWriter.Write(
            disk,
            [
                new GptPartition(GptPartitionTypes.EfiSystem, 1024 * 1024, 1024 * 1024, "EFI"),
                new GptPartition(GptPartitionTypes.BasicData, 2 * 1024 * 1024, 1024 * 1024, "Windows"),
            ],
            () => new Guid(next++, 0, 0, new byte[8]));
        return disk.ToArray();
    }

    private static byte[] Mbr()
    {
        byte[] disk = new byte[1024 * 1024];
        for (int i = 0; i < 3; i++)
        {
            Span<byte> entry = disk.AsSpan(446 + (16 * i), 16);
            entry[4] = (byte)(i == 2 ? 5 : 7);
            BitConverter.TryWriteBytes(entry[8..], 64 + (i * 512));
            BitConverter.TryWriteBytes(entry[12..], 256);
        }

        disk[510] = disk[(1088 * Sector) + 510] = 0x55;
        disk[511] = disk[(1088 * Sector) + 511] = 0xAA;
        disk[(1088 * Sector) + 450] = 7;
        disk[(1088 * Sector) + 454] = 8;
        disk[(1088 * Sector) + 458] = 16;
        return disk;
    }

    private static void RepairHeader(FuzzFile disk, long offset)
    {
        if (offset < 0 || offset + Sector > disk.Length || disk.ReadUInt32(offset) != 0x20494645)
        {
            return;
        }

        uint count = disk.ReadUInt32(offset + 80);
        uint size = disk.ReadUInt32(offset + 84);
        long entries = disk.ReadUInt32(offset + 72) * (long)Sector;
        if (count <= 1024 && size <= 4096 && entries + ((long)count * size) <= disk.Length)
        {
            disk.WriteUInt32(offset + 88, Crc32.Compute(disk.Read(entries, (int)(count * size))));
        }

        int header = (int)Math.Clamp(disk.ReadUInt32(offset + 12), 92, Sector);
        disk.WriteUInt32(offset + 16, 0);
        disk.WriteUInt32(offset + 16, Crc32.Compute(disk.Read(offset, header)));
    }
}
