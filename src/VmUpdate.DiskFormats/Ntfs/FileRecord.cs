namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>A file or folder: its base record and those that extend it, as one list of attributes.</summary>
internal sealed class FileRecord(long number, ushort sequence)
{
    /// <summary>The base record's number.</summary>
    public long Number { get; } = number;

    /// <summary>How often that record was given out.</summary>
    public ushort Sequence { get; } = sequence;

    /// <summary>Its reference.</summary>
    public FileReference Reference => new(Number, Sequence);

    /// <summary>In use, folder, view index.</summary>
    public ushort Flags { get; set; } = FileRecordHeader.InUse;

    /// <summary>The journal's number of the last change: kept as it is.</summary>
    public long Lsn { get; init; }

    /// <summary>The base record's update sequence number.</summary>
    public ushort UpdateNumber { get; set; }

    /// <summary>All attributes but the attribute list.</summary>
    public List<NtfsAttribute> Attributes { get; } = [];

    /// <summary>The attribute list, when the file has one.</summary>
    public NtfsAttribute? List { get; set; }

    /// <summary>The records that extend the base record.</summary>
    public List<ExtensionRecord> Extensions { get; } = [];

    /// <summary>The B+ trees that were opened, by attribute name.</summary>
    public Dictionary<string, IndexTree> Trees { get; } = [];

    /// <summary>Whether the records differ from the volume's.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Whether the copies of times and lengths in the folders' indexes differ from the file's.</summary>
    public bool IsInfoDirty { get; set; }

    /// <summary>Whether the file was deleted while it was open.</summary>
    public bool IsDeleted { get; set; }

    /// <summary>How many streams of it are open: it stays in memory so long.</summary>
    public int OpenStreams { get; set; }

    /// <summary>Whether it is a folder.</summary>
    public bool IsDirectory => (Flags & FileRecordHeader.Directory) != 0;

    /// <summary>Whether it is one of the volume's own files.</summary>
    public bool IsSystemFile => Number < WellKnownRecord.FirstUser;

    /// <summary>The attribute of a type and name.</summary>
    public NtfsAttribute? Find(AttributeType type, string name = "")
    {
        foreach (NtfsAttribute attribute in Attributes)
        {
            if (attribute.Type == type && string.Equals(attribute.Name, name, StringComparison.Ordinal))
            {
                return attribute;
            }
        }

        return null;
    }

    /// <summary>The attribute of a type and name, which a file of its kind must have.</summary>
    public NtfsAttribute Require(AttributeType type, string name = "") =>
        Find(type, name)
        ?? throw NtfsError.Inconsistent(FileRecordHeader.Structure, -1, $"record {Number} lacks its attribute 0x{(uint)type:X} \"{name}\".");

    /// <summary>The value of an attribute that must be resident.</summary>
    public byte[] RequireValue(AttributeType type, int minLength, string name = "") =>
        Require(type, name).Value is { } value && value.Length >= minLength
            ? value
            : throw NtfsError.Inconsistent(
                FileRecordHeader.Structure, -1, $"record {Number}: the attribute 0x{(uint)type:X} is not resident or shorter than {minLength} bytes.");

    /// <summary>All $FILE_NAME values.</summary>
    public IEnumerable<NtfsAttribute> Names => Attributes.Where(a => a.Type == AttributeType.FileName);
}
