namespace VmUpdate.Core.Store;

/// <summary>What became of a pooled machine's disk.</summary>
public enum DiskRevisionState
{
    /// <summary>The machine is on it.</summary>
    Current,

    /// <summary>The machine was moved away from it; it is kept for its time.</summary>
    Kept,

    /// <summary>Its file was deleted.</summary>
    Removed,
}
