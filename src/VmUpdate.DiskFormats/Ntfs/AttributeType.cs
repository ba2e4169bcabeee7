namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>What an attribute of a file record is. The attributes of a record stand in this order.</summary>
internal enum AttributeType : uint
{
    /// <summary>Times, attribute bits, security id.</summary>
    StandardInformation = 0x10,

    /// <summary>Where the attributes are that do not fit the base record.</summary>
    AttributeList = 0x20,

    /// <summary>A name and the folder that holds it.</summary>
    FileName = 0x30,

    /// <summary>The object id.</summary>
    ObjectId = 0x40,

    /// <summary>A security descriptor of the time before $Secure.</summary>
    SecurityDescriptor = 0x50,

    /// <summary>The volume's label.</summary>
    VolumeName = 0x60,

    /// <summary>The volume's version and dirty flag.</summary>
    VolumeInformation = 0x70,

    /// <summary>A stream.</summary>
    Data = 0x80,

    /// <summary>The root of a B+ tree.</summary>
    IndexRoot = 0x90,

    /// <summary>The other nodes of a B+ tree.</summary>
    IndexAllocation = 0xA0,

    /// <summary>What is in use of $MFT or of a B+ tree's nodes.</summary>
    Bitmap = 0xB0,

    /// <summary>A reparse point.</summary>
    ReparsePoint = 0xC0,

    /// <summary>Behind the last attribute of a record.</summary>
    End = 0xFFFF_FFFF,
}
