namespace VmUpdate.Core.Images;

/// <summary>How a machine came out of a run.</summary>
public enum PooledVmUpdateState
{
    /// <summary>It is on the new disk.</summary>
    Updated,

    /// <summary>It was on that master already, or had been brought back already; nothing was done.</summary>
    Current,

    /// <summary>It was refused by the checks; nothing was changed.</summary>
    Blocked,

    /// <summary>It failed, and was put back as it was found.</summary>
    RolledBack,

    /// <summary>It failed and the swap is still open: running the same call again finishes or undoes it.</summary>
    Failed,

    /// <summary>It was not begun.</summary>
    NotStarted,
}
