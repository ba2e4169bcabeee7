namespace VmUpdate.Core.Store;

/// <summary>Why the store could not be used. The PowerShell error ids are <c>Store</c> and these names.</summary>
public enum StoreFailure
{
    /// <summary>The file is not a store, or is damaged. It is left as it is.</summary>
    Corrupt,

    /// <summary>A newer version of VmUpdate made it. It is left as it is.</summary>
    Newer,

    /// <summary>Others than its owner may write to it.</summary>
    TooOpen,

    /// <summary>The folder or the file cannot be written.</summary>
    NotWritable,

    /// <summary>It lies on a network file system, where a crash may lose what was committed.</summary>
    NotLocal,

    /// <summary>Another process holds it longer than the time that a wait may take.</summary>
    Busy,

    /// <summary>A pool, or something else that was named, is not in it.</summary>
    NotFound,

    /// <summary>Something of that name is in it already.</summary>
    AlreadyExists,

    /// <summary>What was to be removed is still needed.</summary>
    InUse,

    /// <summary>Another process works on the same pool.</summary>
    LeaseHeld,
}
