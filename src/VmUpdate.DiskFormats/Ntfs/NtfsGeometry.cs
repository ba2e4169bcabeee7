using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>What a volume's boot sector says of its layout.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0  3  Jump
///  3  8  OemId                 "NTFS    "
/// 11  2  BytesPerSector        256 to 4096, a power of two
/// 13  1  SectorsPerCluster     above 0x80: 2^(256 - n)
/// 21  1  Media                 0xF8
/// 28  4  HiddenSectors         the partition's place on its disk
/// 40  8  TotalSectors          without the backup boot sector behind them
/// 48  8  MftLcn
/// 56  8  MftMirrLcn
/// 64  1  ClustersPerRecord     negative n: 2^-n bytes
/// 68  1  ClustersPerIndex      the same
/// 72  8  SerialNumber
/// 510 2  Signature             0x55 0xAA
/// </code>
/// </remarks>
internal sealed class NtfsGeometry
{
    /// <summary>The bytes of the boot sector that are looked at.</summary>
    public const int BootSectorSize = 512;

    private const string Structure = "NTFS boot sector";
    private const ulong OemId = 0x202020205346544E; // "NTFS    "
    private const ulong BitLockerOemId = 0x2D53462D4556462D; // "-FVE-FS-"
    private const ulong BitLockerToGoOemId = 0x312E344E4957534D; // "MSWIN4.1"
    private static readonly byte[] BitLockerToGoGuid = new Guid("4967d63b-2e29-4ad8-8399-f6a339e3d001").ToByteArray();

    /// <summary>The sector size, in bytes.</summary>
    public required int SectorSize { get; init; }

    /// <summary>The cluster size, in bytes.</summary>
    public required int ClusterSize { get; init; }

    /// <summary>The number of whole clusters.</summary>
    public required long ClusterCount { get; init; }

    /// <summary>The sectors the boot sector counts.</summary>
    public required long TotalSectors { get; init; }

    /// <summary>Where $MFT starts, as a cluster.</summary>
    public required long MftLcn { get; init; }

    /// <summary>Where $MFTMirr starts, as a cluster.</summary>
    public required long MirrorLcn { get; init; }

    /// <summary>A file record's size, in bytes.</summary>
    public required int RecordSize { get; init; }

    /// <summary>An index record's size, in bytes.</summary>
    public required int IndexRecordSize { get; init; }

    /// <summary>The volume's serial number.</summary>
    public required long SerialNumber { get; init; }

    /// <summary>Tells NTFS, BitLocker and others apart.</summary>
    public static NtfsProbe Probe(IBlockDevice device)
    {
        if (device.Length < BootSectorSize)
        {
            return NtfsProbe.Other;
        }

        byte[] sector = new byte[BootSectorSize];
        device.ReadAt(0, sector);
        ulong oem = BinaryPrimitives.ReadUInt64LittleEndian(sector.AsSpan(3));
        bool toGo = oem == BitLockerToGoOemId && sector.AsSpan().IndexOf(BitLockerToGoGuid) >= 0;
        return oem switch
        {
            OemId => NtfsProbe.Ntfs,
            BitLockerOemId => NtfsProbe.BitLocker,
            _ => toGo ? NtfsProbe.BitLocker : NtfsProbe.Other,
        };
    }

    /// <summary>Reads and checks the boot sector.</summary>
    public static NtfsGeometry Read(IBlockDevice device)
    {
        switch (Probe(device))
        {
            case NtfsProbe.BitLocker:
                throw new DiskFormatException(
                    DiskFormatDefect.BitLocker, Structure, 0, "the volume is encrypted with BitLocker; decrypt it first (manage-bde -off).");
            case NtfsProbe.Other:
                throw new DiskFormatException(DiskFormatDefect.WrongSignature, Structure, 0, "expected an NTFS volume, found something else.");
        }

        byte[] sector = new byte[BootSectorSize];
        device.ReadAt(0, sector);
        int sectorSize = BinaryPrimitives.ReadUInt16LittleEndian(sector.AsSpan(11));
        if (sectorSize is not (512 or 1024 or 2048 or 4096))
        {
            throw NtfsError.Inconsistent(Structure, 11, $"expected a sector size of 512 to 4096 bytes, found {sectorSize}.");
        }

        int clusterSize = ClusterSizeOf(sector[13], sectorSize);
        long totalSectors = BinaryPrimitives.ReadInt64LittleEndian(sector.AsSpan(40));
        if (totalSectors <= 0 || totalSectors > device.Length / sectorSize)
        {
            throw new DiskFormatException(
                DiskFormatDefect.Truncated, Structure, 40, $"the volume counts {totalSectors} sectors, the partition has {device.Length / sectorSize}.");
        }

        long clusters = totalSectors / (clusterSize / sectorSize);
        return new NtfsGeometry
        {
            SectorSize = sectorSize,
            ClusterSize = clusterSize,
            TotalSectors = totalSectors,
            ClusterCount = clusters,
            MftLcn = LcnAt(sector, 48, clusters),
            MirrorLcn = LcnAt(sector, 56, clusters),
            RecordSize = RecordSizeAt(sector, 64, clusterSize, 512, NtfsLimits.MaxRecordSize),
            IndexRecordSize = RecordSizeAt(sector, 68, clusterSize, 512, NtfsLimits.MaxIndexRecordSize),
            SerialNumber = BinaryPrimitives.ReadInt64LittleEndian(sector.AsSpan(72)),
        };
    }

    /// <summary>Writes the boot sector's fields; what boots is left to the caller.</summary>
    public void Write(Span<byte> sector, uint hiddenSectors)
    {
        sector.Clear();
        sector[0] = 0xEB; // jmp short 0x54
        sector[1] = 0x52;
        sector[2] = 0x90;
        BinaryPrimitives.WriteUInt64LittleEndian(sector.Slice(3), OemId);
        BinaryPrimitives.WriteUInt16LittleEndian(sector.Slice(11), (ushort)SectorSize);
        int perCluster = ClusterSize / SectorSize;
        sector[13] = perCluster <= 0x80 ? (byte)perCluster : (byte)(256 - Log2(perCluster));
        sector[21] = 0xF8;
        BinaryPrimitives.WriteUInt16LittleEndian(sector.Slice(24), 63);
        BinaryPrimitives.WriteUInt16LittleEndian(sector.Slice(26), 255);
        BinaryPrimitives.WriteUInt32LittleEndian(sector.Slice(28), hiddenSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(sector.Slice(36), 0x00800080);
        BinaryPrimitives.WriteInt64LittleEndian(sector.Slice(40), TotalSectors);
        BinaryPrimitives.WriteInt64LittleEndian(sector.Slice(48), MftLcn);
        BinaryPrimitives.WriteInt64LittleEndian(sector.Slice(56), MirrorLcn);
        sector[64] = EncodeRecordSize(RecordSize);
        sector[68] = EncodeRecordSize(IndexRecordSize);
        BinaryPrimitives.WriteInt64LittleEndian(sector.Slice(72), SerialNumber);
        // No boot code: a machine that boots from this volume stops here (cli; hlt; jmp to the hlt).
        new byte[] { 0xFA, 0xF4, 0xEB, 0xFD }.CopyTo(sector.Slice(0x54));
        sector[510] = 0x55;
        sector[511] = 0xAA;
    }

    private static int Log2(int value)
    {
        int bits = 0;
        while (value >> bits > 1)
        {
            bits++;
        }

        return bits;
    }

    private static int ClusterSizeOf(byte stored, int sectorSize)
    {
        int shift = stored > 0x80 ? 256 - stored : -1;
        if (shift > 16 || (shift < 0 && (stored == 0 || (stored & (stored - 1)) != 0)))
        {
            throw NtfsError.Inconsistent(Structure, 13, $"expected a power of two as sectors per cluster, found 0x{stored:X2}.");
        }

        long size = (long)sectorSize * (shift >= 0 ? 1 << shift : stored);
        return size <= NtfsLimits.MaxClusterSize
            ? (int)size
            : throw NtfsError.LimitExceeded(Structure, 13, $"clusters of {size} bytes; at most {NtfsLimits.MaxClusterSize} are supported.");
    }

    private static long LcnAt(byte[] sector, int offset, long clusters)
    {
        long lcn = BinaryPrimitives.ReadInt64LittleEndian(sector.AsSpan(offset));
        return lcn > 0 && lcn < clusters
            ? lcn
            : throw NtfsError.OutOfBounds(Structure, offset, $"cluster {lcn} lies outside the volume's {clusters} clusters.");
    }

    private static int RecordSizeAt(byte[] sector, int offset, int clusterSize, int min, int max)
    {
        int stored = unchecked((sbyte)sector[offset]);
        long size = stored >= 0 ? (long)stored * clusterSize : stored >= -31 ? 1L << -stored : 0;
        return size >= min && size <= max && (size & (size - 1)) == 0
            ? (int)size
            : throw NtfsError.Inconsistent(Structure, offset, $"expected a record size from {min} to {max} bytes, found {size}.");
    }

    private byte EncodeRecordSize(int size) =>
        size >= ClusterSize ? (byte)(size / ClusterSize) : (byte)(256 - Log2(size));
}
