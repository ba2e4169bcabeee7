namespace VmUpdate.Core.Identity;

/// <summary>Why a machine's identity could not be read, kept or written. The names are part of the PowerShell error ids.</summary>
public enum IdentityFailure
{
    /// <summary>No volume of the disk holds a Windows folder.</summary>
    NoWindowsFolder,

    /// <summary>More than one Windows folder is on the disk: which of them the machine starts cannot be known.</summary>
    SeveralWindowsFolders,

    /// <summary>A hive that is needed is not in the Windows folder, or lacks what every hive of its kind has.</summary>
    HiveIncomplete,

    /// <summary>A catalogue file is not valid.</summary>
    CatalogueInvalid,

    /// <summary>A set without which the machine would take the master's place on the network cannot be carried.</summary>
    EssentialSetNotCarried,

    /// <summary>The machine has an address that was set by hand, and what becomes of it was not said.</summary>
    StaticAddress,

    /// <summary>Another system made the machine's disk and keeps its identity.</summary>
    ManagedByOther,

    /// <summary>A carried file and one of the master would have the same name.</summary>
    NameClash,

    /// <summary>The user data to carry is more than the limit allows.</summary>
    UserDataTooLarge,

    /// <summary>The new volume has too little room for what is carried.</summary>
    NoRoomOnVolume,

    /// <summary>The master is not generalized, and its Windows refuses logons between machines that share a machine SID.</summary>
    SharedMachineSid,

    /// <summary>The answer file of a generalized master cannot be read, or the join data for a machine is none.</summary>
    AnswerFileInvalid,

    /// <summary>The master's Windows volume has shadow copies, which hold what was to be taken from it.</summary>
    MasterHasSnapshots,

    /// <summary>The new disk does not hold what was to be written to it.</summary>
    ResultDiffers,

    /// <summary>Others than its owner may enter the identity store's folder.</summary>
    StoreTooOpen,

    /// <summary>The identity store's folder cannot be written.</summary>
    StoreNotWritable,

    /// <summary>The identity store holds no bundle of that id.</summary>
    BundleNotFound,

    /// <summary>A bundle's bytes are not those that were written.</summary>
    BundleDamaged,

    /// <summary>A bundle was written by a newer version.</summary>
    BundleNewerVersion,

    /// <summary>A bundle was sealed with a key that the identity store does not hold.</summary>
    BundleWrongKey,

    /// <summary>A bundle is of another virtual machine.</summary>
    BundleForeign,

    /// <summary>A bundle is too large to be held in memory.</summary>
    BundleTooLarge,

    /// <summary>The identity store's key could not be sealed or opened on this host.</summary>
    KeyProtectionFailed,

    /// <summary>The class names that hold a Windows' boot key are missing or malformed: no secret of it can be opened.</summary>
    BootKeyUnreadable,

    /// <summary>The keys of LSA are missing or do not open under the boot key.</summary>
    LsaKeysUnreadable,

    /// <summary>A secret is sealed in an older or unknown form.</summary>
    SecretFormUnsupported,

    /// <summary>A secret is missing or does not open under its own disk's keys.</summary>
    SecretUnreadable,

    /// <summary>The machine's domain secret exists only under Machine Identity Isolation.</summary>
    MachineSecretIsolated,

    /// <summary>A DPAPI master key file is damaged or does not open under its own disk's DPAPI_SYSTEM.</summary>
    MasterKeyUnreadable,

    /// <summary>A machine has a disk that is newer than the bundle, so what changes while it runs must come from there.</summary>
    NewerDiskExists,

    /// <summary>A passphrase is too short to protect an exported identity.</summary>
    PassphraseTooShort,

    /// <summary>A certificate cannot protect an exported identity.</summary>
    CertificateUnusable,
}
