using VmUpdate.DiskFormats.Checksums;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Fuzz.Targets;

/// <summary>A disk, a disk whose log was not replayed, and a child with its parent.</summary>
public sealed class VhdxTarget : FuzzTarget
{
    private const int DiskSize = 8 * 1024 * 1024;
    private const int LogSector = 4096;
    private const uint LogSignature = 0x65676F6C; // "loge"

    private readonly byte[][][] _seeds = [[Disk(pendingLog: false)], [Disk(pendingLog: true)], Child()];

    public override string Name => "vhdx";

    public override long AllocationLimit => 256L * 1024 * 1024;

    protected override IReadOnlyList<byte[][]> Seeds => _seeds;

    protected override void Repair(FuzzFile[] files)
    {
        foreach (FuzzFile file in files.Where(file => file.Length > 1024 * 1024))
        {
            RepairAt(file, VhdxHeader.FirstOffset, VhdxHeader.Size);
            RepairAt(file, VhdxHeader.SecondOffset, VhdxHeader.Size);
            RepairAt(file, RegionTable.FirstOffset, RegionTable.Size);
            RepairAt(file, RegionTable.SecondOffset, RegionTable.Size);
            for (long entry = 1024 * 1024; entry < Math.Min(file.Length - LogSector, 2 * 1024 * 1024); entry += LogSector)
            {
                uint length = file.ReadUInt32(entry + 8);
                if (file.ReadUInt32(entry) == LogSignature && length is >= LogSector and <= 1024 * 1024 && entry + length <= file.Length)
                {
                    RepairAt(file, entry, (int)length);
                }
            }
        }
    }

    protected override void Exercise(FuzzFile[] files, Random random)
    {
        var folder = new MemoryFolder();
        folder["leaf.vhdx"] = files[0];
        if (files.Length > 1)
        {
            folder["parent.vhdx"] = files[1];
        }

        byte next = 1;
        using var disk = VhdxDisk.Open(
            folder.FullName("leaf.vhdx"),
            new VhdxOpenOptions { Files = folder, Writable = random.Next(2) == 0, NewGuid = () => new Guid(next++, 1, 0, new byte[8]) });
        byte[] buffer = new byte[(int)Math.Min(disk.Length, 64 * 1024)];
        for (int i = 0; i < 12; i++)
        {
            long offset = random.NextInt64(disk.Length - buffer.Length + 1) / 512 * 512;
            if (disk.CanWrite && random.Next(2) == 0)
            {
                disk.WriteAt(offset, buffer.AsSpan(0, Math.Min(buffer.Length, 4096)));
            }
            else
            {
                disk.ReadAt(offset, buffer);
            }
        }

        if (disk.CanWrite)
        {
            disk.Flush();
        }
    }

    private static void RepairAt(FuzzFile file, long offset, int size)
    {
        if (offset + size <= file.Length)
        {
            file.WriteUInt32(offset + 4, Crc32C.ComputeWithFieldZero(file.Read(offset, size), 4));
        }
    }

    private static VhdxCreateOptions Options(MemoryFolder folder)
    {
        byte next = 1;
        return new VhdxCreateOptions { Files = folder, NewGuid = () => new Guid(next++, 0, 0, new byte[8]), BlockSize = 1024 * 1024 };
    }

    private static byte[] Disk(bool pendingLog)
    {
        var folder = new MemoryFolder();
        using VhdxDisk disk = VhdxDisk.CreateDynamic(folder.FullName("a.vhdx"), DiskSize, Options(folder));
        disk.Complete();
        disk.WriteAt(0, Pattern());
        disk.WriteAt(3 * 1024 * 1024, Pattern());
        disk.Flush();
        if (pendingLog)
        {
            // As a crash leaves it: the log names writes, and nobody said that they are in place.
            return folder["a.vhdx"].ToArray();
        }

        disk.Dispose();
        return folder["a.vhdx"].ToArray();
    }

    private static byte[][] Child()
    {
        var folder = new MemoryFolder();
        folder["parent.vhdx"] = new FuzzFile(Disk(pendingLog: false));
        using (VhdxDisk disk = VhdxDisk.CreateDifferencing(folder.FullName("leaf.vhdx"), folder.FullName("parent.vhdx"), Options(folder)))
        {
            disk.Complete();
            disk.WriteAt(4096, Pattern());
            disk.WriteAt(6 * 1024 * 1024, Pattern());
            disk.Flush();
        }

        return [folder["leaf.vhdx"].ToArray(), folder["parent.vhdx"].ToArray()];
    }

    private static byte[] Pattern() => [.. Enumerable.Range(0, 16 * 1024).Select(i => (byte)((i * 31) & 0xFF))];
}
