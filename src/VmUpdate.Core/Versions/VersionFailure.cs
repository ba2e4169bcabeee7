namespace VmUpdate.Core.Versions;

/// <summary>Why no version was made. The names are the PowerShell error ids.</summary>
public enum VersionFailure
{
    /// <summary>The host cannot make machines for a piece of work.</summary>
    BuildNotSupported,

    /// <summary>The pool has no machine that the build machine could be like.</summary>
    PoolHasNoMachine,

    /// <summary>The master is generalized: its first start would set it up.</summary>
    MasterGeneralized,

    /// <summary>The master's file is not what it was when the build began.</summary>
    MasterChanged,

    /// <summary>The broker could not begin the task.</summary>
    BuildTaskNotBegun,

    /// <summary>The task ended otherwise than well.</summary>
    BuildTaskFailed,

    /// <summary>The new image is not whole, or not clean.</summary>
    ImageNotSound,
}
