namespace VmUpdate.Core.Store;

/// <summary>What a virtual machine was declared to be.</summary>
public enum MachineRole
{
    /// <summary>Never woken, never touched. What was not declared is this.</summary>
    Ignored,

    /// <summary>It belongs to one user and keeps its state.</summary>
    Personal,

    /// <summary>It is a child of its pool's master image.</summary>
    Pooled,
}
