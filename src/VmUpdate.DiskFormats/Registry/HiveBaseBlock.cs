using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>The base block of a hive, and the copy of it that starts a transaction log.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes. Only the first sector matters, and only it is ever rewritten:
/// <code>
///   0    4  Signature      "regf"
///   4    4  Sequence1      raised when a write begins
///   8    4  Sequence2      made equal when the write is complete
///  12    8  LastWritten    FILETIME
///  20    4  Major          1
///  24    4  Minor          3 to 6
///  28    4  Type           0 hive, 1 or 2 log with a dirty vector, 6 log with entries
///  32    4  Format         1
///  36    4  RootCell       offset of the root key
///  40    4  HiveBinsSize   multiple of 4096
///  44    4  Clustering     sector size divided by 512
///  48   64  FileName       UTF-16, for people
/// 112  396  other          kept as found
/// 508    4  Checksum       XOR of the 127 numbers before; 0 becomes 1, 0xFFFFFFFF becomes 0xFFFFFFFE
/// </code>
/// </remarks>
internal sealed class HiveBaseBlock
{
    /// <summary>The types that matter.</summary>
    public const uint TypeHive = 0, TypeOldLog = 1, TypeOldLogToo = 2, TypeNewLog = 6;

    /// <summary>The base block's name in messages.</summary>
    public const string Structure = "hive base block";

    private const uint Signature = 0x66676572; // "regf"
    private const int ChecksumOffset = 508;
    private readonly byte[] _bytes;

    /// <summary>Takes a base block as it was read.</summary>
    /// <param name="bytes">Its first sector.</param>
    public HiveBaseBlock(byte[] bytes) => _bytes = bytes;

    public bool HasSignature => Get(0) == Signature;

    public bool HasValidChecksum => Get(ChecksumOffset) == Checksum(_bytes);

    public uint Sequence1 { get => Get(4); set => Set(4, value); }

    public uint Sequence2 { get => Get(8); set => Set(8, value); }

    public long LastWritten
    {
        get => BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(12));
        set => BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(12), value);
    }

    public uint Major => Get(20);

    public uint Minor => Get(24);

    public uint Type { get => Get(28); set => Set(28, value); }

    public uint Format => Get(32);

    public uint RootCell { get => Get(36); set => Set(36, value); }

    public uint HiveBinsSize { get => Get(40); set => Set(40, value); }

    /// <summary>The size of the sector that a log's first part follows at, in bytes.</summary>
    public int LogSectorSize => Get(44) is > 1 and <= 8 ? (int)Get(44) * HiveFormat.SectorSize : HiveFormat.SectorSize;

    /// <summary>Makes the base block of a new hive.</summary>
    /// <param name="minor">The minor version.</param>
    /// <param name="rootCell">Where the root key is.</param>
    /// <param name="binsSize">The size of the hive bins, in bytes.</param>
    /// <returns>The base block, both sequence numbers 0.</returns>
    public static HiveBaseBlock Create(uint minor, uint rootCell, uint binsSize)
    {
        var block = new HiveBaseBlock(new byte[HiveFormat.SectorSize]) { RootCell = rootCell, HiveBinsSize = binsSize };
        block.Set(0, Signature);
        block.Set(20, 1);
        block.Set(24, minor);
        block.Set(32, 1);
        block.Set(44, 1);
        return block;
    }

    /// <summary>A copy to change.</summary>
    /// <returns>The copy.</returns>
    public HiveBaseBlock Copy() => new((byte[])_bytes.Clone());

    /// <summary>The first sector, with its checksum made right.</summary>
    /// <returns>The bytes.</returns>
    public ReadOnlySpan<byte> Seal()
    {
        Set(ChecksumOffset, Checksum(_bytes));
        return _bytes;
    }

    /// <summary>Refuses what this library cannot read as a hive.</summary>
    /// <exception cref="DiskFormatException">Another version, type or format.</exception>
    public void CheckKind()
    {
        if (Major != 1 || Minor is < 3 or > 6)
        {
            throw new DiskFormatException(
                DiskFormatDefect.UnsupportedVersion, Structure, 0, $"its version is {Major}.{Minor}, and only 1.3 to 1.6 are known.");
        }

        if (Type != TypeHive || Format != 1)
        {
            throw new DiskFormatException(
                DiskFormatDefect.WrongFormat, Structure, 0, $"its type is {Type} and its format {Format}: a transaction log, not a hive, or neither.");
        }
    }

    private static uint Checksum(ReadOnlySpan<byte> sector)
    {
        uint sum = 0;
        for (int i = 0; i < ChecksumOffset; i += 4)
        {
            sum ^= BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(i));
        }

        return sum switch { 0 => 1, 0xFFFFFFFF => 0xFFFFFFFE, _ => sum };
    }

    private uint Get(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset));

    private void Set(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(offset), value);
}
