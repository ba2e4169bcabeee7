namespace VmUpdate.Core.Store;

/// <summary>Which way a swap goes.</summary>
public enum SwapDirection
{
    /// <summary>To a child of a master; the machine's identity is carried.</summary>
    Update,

    /// <summary>Back to a child of the disk it had before; what rotates is carried from the newer disk.</summary>
    Restore,

    /// <summary>Back to a child of the disk it had before, as that was.</summary>
    RestoreAsItWas,
}
