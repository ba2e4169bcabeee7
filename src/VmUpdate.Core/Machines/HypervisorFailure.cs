namespace VmUpdate.Core.Machines;

/// <summary>Why a host did not do what was asked. The names are the PowerShell error ids.</summary>
public enum HypervisorFailure
{
    /// <summary>The host has no such machine.</summary>
    VmNotFound,

    /// <summary>Several machines of the host have the name.</summary>
    AmbiguousName,

    /// <summary>The machine is another host's.</summary>
    WrongHost,

    /// <summary>The machine is in a state, or is doing something, that does not allow it.</summary>
    VmBusy,

    /// <summary>The guest did not shut down in time; it was not turned off.</summary>
    ShutdownTimedOut,

    /// <summary>The guest cannot be asked to shut down, or said no.</summary>
    ShutdownRefused,

    /// <summary>Another file, or none, hangs where a disk was expected.</summary>
    DiskNotAttached,

    /// <summary>The disk is attached to a machine.</summary>
    DiskAttached,

    /// <summary>The file of a disk is absent, or held by somebody else.</summary>
    DiskNotUsable,

    /// <summary>The disk's file is on another computer and cannot be opened here.</summary>
    DiskNotReachable,

    /// <summary>The machine was to be taken away, and is none that VmUpdate made for a piece of work.</summary>
    NotABuildMachine,

    /// <summary>The host itself was not found or does not answer.</summary>
    HostNotReachable,

    /// <summary>The host is none that can be worked with, or its own records are damaged.</summary>
    HostNotUsable,

    /// <summary>The caller has no right to it.</summary>
    AccessDenied,

    /// <summary>The host tried and failed.</summary>
    OperationFailed,
}
