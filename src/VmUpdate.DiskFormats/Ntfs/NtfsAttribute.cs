namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>An attribute of a file, put together from its pieces in all of the file's records.</summary>
internal sealed class NtfsAttribute(AttributeType type, string name)
{
    /// <summary>The low byte of the flags says how it is compressed.</summary>
    public const ushort CompressedMask = 0x00FF;

    /// <summary>Encrypted by EFS.</summary>
    public const ushort EncryptedFlag = 0x4000;

    /// <summary>Has holes.</summary>
    public const ushort SparseFlag = 0x8000;

    private const int ResidentHeader = 24;
    private const int NonResidentHeader = 64;
    private const int NonResidentHeaderWithTotal = 72;

    /// <summary>What it is.</summary>
    public AttributeType Type { get; } = type;

    /// <summary>Its name; empty when it has none.</summary>
    public string Name { get; } = name;

    /// <summary>Compressed, encrypted, sparse.</summary>
    public ushort Flags { get; set; }

    /// <summary>Its number in its record; decides nothing but the order among equals.</summary>
    public ushort Instance { get; set; }

    /// <summary>Whether its value is in an index, as every $FILE_NAME is.</summary>
    public bool IsIndexed { get; set; }

    /// <summary>The value when it is resident, else <see langword="null"/>.</summary>
    public byte[]? Value { get; set; }

    /// <summary>Where it lies when it is not resident, else <see langword="null"/>.</summary>
    public RunList? Runs { get; set; }

    /// <summary>Whether the value is in the file record itself.</summary>
    public bool IsResident => Runs is null;

    /// <summary>The base-2 logarithm of a compression unit, in clusters; 0 when it has none.</summary>
    public byte CompressionUnit { get; set; }

    /// <summary>The length of all runs, holes included, in bytes.</summary>
    public long AllocatedSize { get; set; }

    /// <summary>The length, in bytes.</summary>
    public long DataSize { get; set; }

    /// <summary>What lies behind is zero whatever the clusters hold, in bytes.</summary>
    public long InitializedSize { get; set; }

    /// <summary>The length of the value, resident or not, in bytes.</summary>
    public long Length => Value?.Length ?? DataSize;

    /// <summary>Whether the clusters hold packed data.</summary>
    public bool IsCompressed => (Flags & CompressedMask) != 0;

    /// <summary>Whether it was marked to have holes.</summary>
    public bool IsSparse => (Flags & SparseFlag) != 0;

    /// <summary>Whether EFS encrypted it.</summary>
    public bool IsEncrypted => (Flags & EncryptedFlag) != 0;

    /// <summary>Whether the header has the field that counts the clusters really used.</summary>
    public bool HasTotalAllocated => !IsResident && (IsCompressed || IsSparse);

    /// <summary>The header of the piece that starts at a cluster of the stream, its name included and aligned.</summary>
    public int HeaderSize(long lowestVcn)
    {
        int fixedPart = IsResident ? ResidentHeader : HasTotalAllocated && lowestVcn == 0 ? NonResidentHeaderWithTotal : NonResidentHeader;
        return Align8(fixedPart + (Name.Length * 2));
    }

    /// <summary>The bytes it takes in a file record when it is in one piece.</summary>
    public int RecordBytes() => HeaderSize(0) + Align8(Value?.Length ?? Runs!.PairsSize());

    /// <summary>Rounds up to the alignment of everything in a file record.</summary>
    public static int Align8(int size) => (size + 7) & ~7;
}
