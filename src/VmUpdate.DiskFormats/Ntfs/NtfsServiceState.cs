namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>What a volume's state allows.</summary>
public enum NtfsServiceState
{
    /// <summary>Reading and writing.</summary>
    Clean,

    /// <summary>The dirty flag is set: reading, with a warning; no writing.</summary>
    Dirty,

    /// <summary>The journal holds work that is not on the volume: neither.</summary>
    JournalNotClean,

    /// <summary>Windows is hibernated (or fast start-up is on): neither.</summary>
    Hibernated,
}
