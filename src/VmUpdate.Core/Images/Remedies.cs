using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats;

namespace VmUpdate.Core.Images;

/// <summary>What an administrator can do about a refusal.</summary>
internal static class Remedies
{
    public static string For(VmUpdateException failure) => failure switch
    {
        SwapException swap => swap.Remedy,
        DiskFormatException disk => For(disk.Defect),
        HostFileException file => For(file.Failure),
        HypervisorException host => For(host.Failure),
        IdentityException identity => For(identity.Failure),
        StoreException { Failure: StoreFailure.LeaseHeld } => "Wait until the other run has ended.",
        _ => string.Empty,
    };

    private static string For(DiskFormatDefect defect) => defect switch
    {
        DiskFormatDefect.VolumeDirty or DiskFormatDefect.JournalNotClean => "Start the machine once, and shut it down cleanly.",
        DiskFormatDefect.Hibernated => "Turn hibernation and fast start-up off in the guest (powercfg /h off), and shut it down.",
        DiskFormatDefect.BitLocker => "Decrypt the volume in the guest (manage-bde -off C:), and shut it down.",
        DiskFormatDefect.WrongFormat => "Convert the disk to VHDX (Convert-VHD), or name a VHDX file.",
        DiskFormatDefect.ParentNotFound or DiskFormatDefect.ParentMismatch => "Put the parent that the disk was made from back in its place.",
        DiskFormatDefect.ParentNotAllowed => "Allow the parent's folder, if it is meant to lie there.",
        _ => string.Empty,
    };

    private static string For(HostFileFailure failure) => failure switch
    {
        HostFileFailure.NotFound => "Check the path.",
        HostFileFailure.InUse => "Find the program that holds the file, and end its use of it.",
        HostFileFailure.AccessDenied => "Run as an account that may read and write the file.",
        HostFileFailure.DiskFull => "Make room on the volume.",
        _ => string.Empty,
    };

    private static string For(IdentityFailure failure) => failure switch
    {
        IdentityFailure.MasterKeyUnreadable => "Leave the set out (-ExcludeSet dpapi-system), or take the keys as they lie (-DpapiMode Replace).",
        IdentityFailure.SecretUnreadable or IdentityFailure.SecretFormUnsupported or IdentityFailure.LsaKeysUnreadable
            or IdentityFailure.BootKeyUnreadable => "Leave the sets that need the secrets out (-ExcludeSet domain-trust, dpapi-system).",
        IdentityFailure.SharedMachineSid => "Generalize the master (sysprep /generalize), or allow it with -AllowSharedMachineSid.",
        IdentityFailure.StaticAddress => "Leave it to DHCP (-ExcludeSet static-addresses), or have the guest agent set it (-CarrySet static-addresses).",
        IdentityFailure.ManagedByOther => "Update the machine through that system; or leave the set out (-ExcludeSet), if that is past.",
        IdentityFailure.UserDataTooLarge => "Raise -UserDataLimit, or name fewer files with -UserDataPattern.",
        _ => string.Empty,
    };

    private static string For(HypervisorFailure failure) => failure switch
    {
        HypervisorFailure.VmNotFound => "Check the name, and which host is connected.",
        HypervisorFailure.AmbiguousName => "Name the machine by its id.",
        HypervisorFailure.WrongHost => "Connect to the machine's own host.",
        HypervisorFailure.VmBusy => "Wait until the machine has come to rest.",
        HypervisorFailure.ShutdownTimedOut or HypervisorFailure.ShutdownRefused => "Shut the guest down yourself, and call again.",
        HypervisorFailure.DiskNotReachable => "Run the command on the host itself: Invoke-Command -ComputerName <host> { Update-PooledVmImage ... }.",
        _ => string.Empty,
    };
}
