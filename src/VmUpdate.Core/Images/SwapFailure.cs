namespace VmUpdate.Core.Images;

/// <summary>Why a machine's disk was not swapped, or its image not used. The names are the PowerShell error ids.</summary>
public enum SwapFailure
{
    /// <summary>The machine was not declared, or was declared to be ignored.</summary>
    VmIgnored,

    /// <summary>The machine is not a pooled one.</summary>
    VmNotPooled,

    /// <summary>Another system deploys and replaces the machine.</summary>
    VmManagedByOther,

    /// <summary>The machine is shielded: nobody but its owner may touch its disk.</summary>
    VmShielded,

    /// <summary>The machine cannot be started from a disk that is divided as the master is.</summary>
    FirmwareDiffers,

    /// <summary>The machine is in a state in which nothing is done to it.</summary>
    VmChanging,

    /// <summary>The machine has checkpoints, which hold its present disk.</summary>
    VmHasCheckpoints,

    /// <summary>Somebody is logged on.</summary>
    VmInUse,

    /// <summary>Whether somebody is logged on cannot be known.</summary>
    SessionsUnknown,

    /// <summary>The machine has no disk.</summary>
    NoBootDisk,

    /// <summary>Which disk the machine boots from cannot be told.</summary>
    AmbiguousBootDisk,

    /// <summary>The disk hangs on the machine directly, or is a master, where a disk of its own is needed.</summary>
    DiskIsMaster,

    /// <summary>No master was named, neither in the call nor in the pool.</summary>
    NoMaster,

    /// <summary>A machine of the host is attached to the master itself, and would change it.</summary>
    MasterInUse,

    /// <summary>The host's volume has not enough room for the new disk.</summary>
    NotEnoughSpace,

    /// <summary>The machine was not on the disk that it was expected on.</summary>
    BootDiskChanged,

    /// <summary>The guest answered with another name than it should have.</summary>
    GuestDiffers,

    /// <summary>The guest did not answer in time.</summary>
    GuestSilent,

    /// <summary>There is no former disk to go back to.</summary>
    NoOldDisk,

    /// <summary>The disk is attached to a machine, or is a parent of one that is.</summary>
    DiskInUse,

    /// <summary>Its time to be kept is not over.</summary>
    KeptLonger,

    /// <summary>Not begun, because too many of those before it failed.</summary>
    Stopped,

    /// <summary>The call was ended by the user.</summary>
    Canceled,

    /// <summary>The machine could not be put back as it was found.</summary>
    NotPutBack,
}
