using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>An attribute as it stands in one file record, checked against that record.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0 4 Type
///  4 4 Length          of the piece, a multiple of 8
///  8 1 NonResident
///  9 1 NameLength      in UTF-16 units
/// 10 2 NameOffset
/// 12 2 Flags
/// 14 2 Instance        unique in the record
/// resident:                         not resident:
/// 16 4 ValueLength                  16 8 LowestVcn
/// 20 2 ValueOffset                  24 8 HighestVcn
/// 22 1 Indexed                      32 2 PairsOffset
///                                   34 1 CompressionUnit
///                                   40 8 AllocatedSize    (these four in the first piece only)
///                                   48 8 DataSize
///                                   56 8 InitializedSize
///                                   64 8 TotalAllocated   (compressed or sparse only)
/// </code>
/// </remarks>
internal readonly ref struct AttributePiece
{
    private const string Structure = "attribute";
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly long _place;

    /// <summary>Reads the piece at the start of <paramref name="record"/>.</summary>
    /// <param name="record">The rest of the file record.</param>
    /// <param name="place">Where that is on the volume, for failures.</param>
    public AttributePiece(ReadOnlySpan<byte> record, long place)
    {
        _place = place;
        int length = record.Length >= 24 ? BinaryPrimitives.ReadInt32LittleEndian(record.Slice(4)) : 0;
        if (length < 24 || length > record.Length || (length & 7) != 0)
        {
            throw NtfsError.OutOfBounds(Structure, place, $"a length of {length} bytes does not fit the {record.Length} that are left.");
        }

        _bytes = record.Slice(0, length);
        IsResident = _bytes[8] == 0;
        if (!IsResident && length < 64)
        {
            throw NtfsError.OutOfBounds(Structure, place, $"{length} bytes are too few for an attribute that is not resident.");
        }

        int nameOffset = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Slice(10));
        int nameBytes = _bytes[9] * 2;
        if (nameBytes > 0 && (nameOffset < 24 || nameOffset + nameBytes > length))
        {
            throw NtfsError.OutOfBounds(Structure, place, $"a name of {nameBytes} bytes at {nameOffset} leaves the attribute.");
        }

        Name = nameBytes == 0 ? string.Empty : MemoryMarshal.Cast<byte, char>(_bytes.Slice(nameOffset, nameBytes)).ToString();
    }

    /// <summary>What it is.</summary>
    public AttributeType Type => (AttributeType)BinaryPrimitives.ReadUInt32LittleEndian(_bytes);

    /// <summary>The bytes to the next.</summary>
    public int Length => _bytes.Length;

    /// <summary>Whether the value stands here.</summary>
    public bool IsResident { get; }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>Its number in the record.</summary>
    public ushort Instance => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Slice(14));

    /// <summary>The first cluster of the stream that this piece maps.</summary>
    public long LowestVcn => IsResident ? 0 : BinaryPrimitives.ReadInt64LittleEndian(_bytes.Slice(16));

    /// <summary>The value of a resident attribute.</summary>
    public ReadOnlySpan<byte> Value
    {
        get
        {
            long length = BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Slice(16));
            int offset = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Slice(20));
            return offset >= 24 && offset + length <= _bytes.Length
                ? _bytes.Slice(offset, (int)length)
                : throw NtfsError.OutOfBounds(Structure, _place, $"a value of {length} bytes at {offset} leaves the attribute.");
        }
    }

    /// <summary>The attribute, when this is its first piece.</summary>
    public NtfsAttribute ToAttribute(long volumeClusters, int clusterSize)
    {
        var attribute = new NtfsAttribute(Type, Name)
        {
            Flags = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Slice(12)),
            Instance = Instance,
        };
        if (IsResident)
        {
            attribute.Value = Value.ToArray();
            attribute.IsIndexed = (_bytes[22] & 1) != 0;
            return attribute;
        }

        attribute.Runs = new RunList();
        attribute.CompressionUnit = _bytes[34];
        attribute.AllocatedSize = BinaryPrimitives.ReadInt64LittleEndian(_bytes.Slice(40));
        attribute.DataSize = BinaryPrimitives.ReadInt64LittleEndian(_bytes.Slice(48));
        attribute.InitializedSize = BinaryPrimitives.ReadInt64LittleEndian(_bytes.Slice(56));
        bool sizesFit = attribute.InitializedSize >= 0 && attribute.InitializedSize <= attribute.DataSize
            && attribute.DataSize <= attribute.AllocatedSize && attribute.AllocatedSize <= NtfsLimits.MaxStreamLength;
        bool unitFits = attribute.CompressionUnit <= 8 && (!attribute.IsCompressed || attribute.CompressionUnit > 0)
            && (attribute.CompressionUnit == 0 || (long)clusterSize << attribute.CompressionUnit <= NtfsLimits.MaxClusterSize * 16L);
        if (!sizesFit || !unitFits)
        {
            throw NtfsError.Inconsistent(
                Structure,
                _place,
                $"sizes contradict: allocated {attribute.AllocatedSize}, data {attribute.DataSize}, initialized {attribute.InitializedSize}, "
                + $"compression unit {attribute.CompressionUnit}.");
        }

        AppendRunsTo(attribute, volumeClusters);
        return attribute;
    }

    /// <summary>Adds this piece's runs to those of the pieces before it.</summary>
    public void AppendRunsTo(NtfsAttribute attribute, long volumeClusters)
    {
        long highest = BinaryPrimitives.ReadInt64LittleEndian(_bytes.Slice(24));
        int pairs = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Slice(32));
        RunList runs = attribute.Runs ?? throw NtfsError.Inconsistent(Structure, _place, "resident and not resident at once.");
        if (LowestVcn != runs.Clusters || pairs < 64 || pairs > _bytes.Length)
        {
            throw NtfsError.Inconsistent(
                Structure, _place, $"a piece starts at cluster {LowestVcn} of its stream, expected {runs.Clusters}; its pairs are at {pairs}.");
        }

        runs.AppendPairs(_bytes.Slice(pairs), volumeClusters, _place);
        if (runs.Clusters - 1 != highest)
        {
            throw NtfsError.Inconsistent(Structure, _place, $"the runs end at cluster {runs.Clusters - 1} of the stream, expected {highest}.");
        }
    }
}
