using System.Management.Automation;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Versions;
using VmUpdate.DiskFormats;

namespace VmUpdate.PowerShell.Errors;

/// <summary>
/// The one place where a failure becomes an error record. The id is the failure's own code; the category says what kind of thing the
/// administrator has to do with. A test keeps it total.
/// </summary>
public static class ErrorTable
{
    /// <summary>Makes the record.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="target">What it is of: a virtual machine's name, a path.</param>
    /// <returns>The record.</returns>
    public static ErrorRecord Record(VmUpdateException failure, object? target) =>
        new(failure, failure.Code, CategoryOf(failure), target);

    /// <summary>The category of a failure.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>The category.</returns>
    public static ErrorCategory CategoryOf(VmUpdateException failure) => failure switch
    {
        DiskFormatException known => CategoryOf(known.Defect),
        HostFileException known => CategoryOf(known.Failure),
        IdentityException known => CategoryOf(known.Failure),
        SwapException known => CategoryOf(known.Failure),
        HypervisorException known => CategoryOf(known.Failure),
        StoreException known => CategoryOf(known.Failure),
        TaskException known => CategoryOf(known.Defect),
        GuestException known => CategoryOf(known.Failure),
        VersionException known => CategoryOf(known.Failure),
        _ => ErrorCategory.NotSpecified,
    };

    /// <summary>The category of a defect of a disk.</summary>
    /// <param name="defect">The defect.</param>
    /// <returns>The category.</returns>
    public static ErrorCategory CategoryOf(DiskFormatDefect defect) => defect switch
    {
        DiskFormatDefect.WrongSignature or DiskFormatDefect.WrongChecksum or DiskFormatDefect.Truncated or DiskFormatDefect.OutOfBounds
            or DiskFormatDefect.Inconsistent or DiskFormatDefect.WrongFormat or DiskFormatDefect.ParentMismatch
            or DiskFormatDefect.ParentLoop => ErrorCategory.InvalidData,
        DiskFormatDefect.UnsupportedVersion or DiskFormatDefect.NotSupported or DiskFormatDefect.BitLocker => ErrorCategory.NotImplemented,
        DiskFormatDefect.LimitExceeded or DiskFormatDefect.NoSpace => ErrorCategory.LimitsExceeded,
        DiskFormatDefect.ParentNotFound or DiskFormatDefect.VolumeNotFound or DiskFormatDefect.NotFound => ErrorCategory.ObjectNotFound,
        DiskFormatDefect.ParentNotAllowed => ErrorCategory.SecurityError,
        DiskFormatDefect.VolumeDirty or DiskFormatDefect.JournalNotClean or DiskFormatDefect.Hibernated => ErrorCategory.InvalidOperation,
        DiskFormatDefect.AlreadyExists => ErrorCategory.ResourceExists,
        _ => ErrorCategory.NotSpecified,
    };

    /// <summary>The category of a failure of a host's file.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>The category.</returns>
    public static ErrorCategory CategoryOf(HostFileFailure failure) => failure switch
    {
        HostFileFailure.NotFound => ErrorCategory.ObjectNotFound,
        HostFileFailure.AlreadyExists => ErrorCategory.ResourceExists,
        HostFileFailure.InUse => ErrorCategory.ResourceBusy,
        HostFileFailure.AccessDenied => ErrorCategory.PermissionDenied,
        HostFileFailure.DiskFull => ErrorCategory.LimitsExceeded,
        HostFileFailure.Io => ErrorCategory.DeviceError,
        _ => ErrorCategory.NotSpecified,
    };

    /// <summary>The category of a failure about a machine's identity.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>The category.</returns>
    public static ErrorCategory CategoryOf(IdentityFailure failure) => failure switch
    {
        IdentityFailure.NoWindowsFolder or IdentityFailure.BundleNotFound => ErrorCategory.ObjectNotFound,
        IdentityFailure.SeveralWindowsFolders or IdentityFailure.SharedMachineSid or IdentityFailure.MasterHasSnapshots
            or IdentityFailure.EssentialSetNotCarried
            or IdentityFailure.NameClash or IdentityFailure.StaticAddress or IdentityFailure.ManagedByOther
            or IdentityFailure.NewerDiskExists => ErrorCategory.InvalidOperation,
        IdentityFailure.HiveIncomplete or IdentityFailure.ResultDiffers or IdentityFailure.BundleDamaged
            or IdentityFailure.CatalogueInvalid or IdentityFailure.AnswerFileInvalid or IdentityFailure.BootKeyUnreadable or IdentityFailure.LsaKeysUnreadable
            or IdentityFailure.SecretUnreadable or IdentityFailure.MasterKeyUnreadable => ErrorCategory.InvalidData,
        IdentityFailure.BundleNewerVersion or IdentityFailure.SecretFormUnsupported => ErrorCategory.NotImplemented,
        IdentityFailure.UserDataTooLarge or IdentityFailure.NoRoomOnVolume or IdentityFailure.BundleTooLarge => ErrorCategory.LimitsExceeded,
        IdentityFailure.StoreTooOpen or IdentityFailure.BundleWrongKey or IdentityFailure.BundleForeign
            or IdentityFailure.KeyProtectionFailed or IdentityFailure.MachineSecretIsolated => ErrorCategory.SecurityError,
        IdentityFailure.StoreNotWritable => ErrorCategory.PermissionDenied,
        IdentityFailure.PassphraseTooShort or IdentityFailure.CertificateUnusable => ErrorCategory.InvalidArgument,
        _ => ErrorCategory.NotSpecified,
    };

    /// <summary>The category of a failure of a swap.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>The category.</returns>
    public static ErrorCategory CategoryOf(SwapFailure failure) => failure switch
    {
        SwapFailure.VmIgnored or SwapFailure.VmNotPooled or SwapFailure.VmManagedByOther or SwapFailure.VmShielded or SwapFailure.FirmwareDiffers or SwapFailure.VmHasCheckpoints
            or SwapFailure.AmbiguousBootDisk or SwapFailure.DiskIsMaster or SwapFailure.BootDiskChanged or SwapFailure.KeptLonger
            or SwapFailure.SessionsUnknown => ErrorCategory.InvalidOperation,
        SwapFailure.VmChanging or SwapFailure.VmInUse or SwapFailure.MasterInUse or SwapFailure.DiskInUse => ErrorCategory.ResourceBusy,
        SwapFailure.NoBootDisk or SwapFailure.NoOldDisk => ErrorCategory.ObjectNotFound,
        SwapFailure.NoMaster => ErrorCategory.InvalidArgument,
        SwapFailure.NotEnoughSpace => ErrorCategory.LimitsExceeded,
        SwapFailure.GuestDiffers => ErrorCategory.InvalidResult,
        SwapFailure.GuestSilent => ErrorCategory.OperationTimeout,
        SwapFailure.Stopped or SwapFailure.Canceled => ErrorCategory.OperationStopped,
        SwapFailure.NotPutBack => ErrorCategory.DeviceError,
        _ => ErrorCategory.NotSpecified,
    };

    /// <summary>The category of a failure of a host of virtual machines.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>The category.</returns>
    public static ErrorCategory CategoryOf(HypervisorFailure failure) => failure switch
    {
        HypervisorFailure.VmNotFound => ErrorCategory.ObjectNotFound,
        HypervisorFailure.AmbiguousName or HypervisorFailure.WrongHost => ErrorCategory.InvalidArgument,
        HypervisorFailure.VmBusy or HypervisorFailure.DiskNotUsable or HypervisorFailure.DiskAttached => ErrorCategory.ResourceBusy,
        HypervisorFailure.ShutdownTimedOut => ErrorCategory.OperationTimeout,
        HypervisorFailure.ShutdownRefused or HypervisorFailure.DiskNotAttached or HypervisorFailure.NotABuildMachine => ErrorCategory.InvalidOperation,
        HypervisorFailure.DiskNotReachable or HypervisorFailure.HostNotReachable => ErrorCategory.ConnectionError,
        HypervisorFailure.HostNotUsable => ErrorCategory.ResourceUnavailable,
        HypervisorFailure.AccessDenied => ErrorCategory.PermissionDenied,
        HypervisorFailure.OperationFailed => ErrorCategory.DeviceError,
        _ => ErrorCategory.NotSpecified,
    };

    /// <summary>The category of a failure of the store.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>The category.</returns>
    public static ErrorCategory CategoryOf(StoreFailure failure) => failure switch
    {
        StoreFailure.Corrupt => ErrorCategory.InvalidData,
        StoreFailure.Newer => ErrorCategory.NotImplemented,
        StoreFailure.TooOpen => ErrorCategory.SecurityError,
        StoreFailure.NotWritable => ErrorCategory.PermissionDenied,
        StoreFailure.NotLocal => ErrorCategory.InvalidArgument,
        StoreFailure.Busy or StoreFailure.InUse or StoreFailure.LeaseHeld => ErrorCategory.ResourceBusy,
        StoreFailure.NotFound => ErrorCategory.ObjectNotFound,
        StoreFailure.AlreadyExists => ErrorCategory.ResourceExists,
        _ => ErrorCategory.NotSpecified,
    };

    /// <summary>The category of what is wrong with a task.</summary>
    /// <param name="defect">The defect.</param>
    /// <returns>The category.</returns>
    public static ErrorCategory CategoryOf(TaskDefect defect) => defect switch
    {
        TaskDefect.NotFound or TaskDefect.UnknownVm => ErrorCategory.ObjectNotFound,
        TaskDefect.NameTaken => ErrorCategory.ResourceExists,
        TaskDefect.PayloadTooLong or TaskDefect.NeverFits => ErrorCategory.LimitsExceeded,
        TaskDefect.PayloadChanged => ErrorCategory.SecurityError,
        TaskDefect.BadGuestPolicy => ErrorCategory.InvalidData,
        TaskDefect.IgnoredVm or TaskDefect.PooledVm => ErrorCategory.InvalidOperation,
        TaskDefect.BadName or TaskDefect.NoTarget or TaskDefect.AmbiguousVm or TaskDefect.EndBeforeStart or TaskDefect.EndInPast
            or TaskDefect.StopTooEarly or TaskDefect.DeadlineTooEarly or TaskDefect.TimeNotUtc or TaskDefect.UnknownTimeZone
            or TaskDefect.BadSchedule or TaskDefect.NeverFires or TaskDefect.BadWindow or TaskDefect.WindowTooShort
            or TaskDefect.WindowNeverOpens or TaskDefect.BadLimit or TaskDefect.PayloadEmpty
            or TaskDefect.BadInstructor => ErrorCategory.InvalidArgument,
        _ => ErrorCategory.NotSpecified,
    };

    /// <summary>The category of a failure to make a version of a master.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>The category.</returns>
    public static ErrorCategory CategoryOf(VersionFailure failure) => failure switch
    {
        VersionFailure.BuildNotSupported => ErrorCategory.NotImplemented,
        VersionFailure.PoolHasNoMachine => ErrorCategory.ObjectNotFound,
        VersionFailure.MasterGeneralized or VersionFailure.BuildTaskNotBegun => ErrorCategory.InvalidOperation,
        VersionFailure.MasterChanged or VersionFailure.ImageNotSound => ErrorCategory.InvalidData,
        VersionFailure.BuildTaskFailed => ErrorCategory.InvalidResult,
        _ => ErrorCategory.NotSpecified,
    };

    /// <summary>The category of a failure of a guest.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>The category.</returns>
    public static ErrorCategory CategoryOf(GuestFailure failure) => failure switch
    {
        GuestFailure.GuestNotReached => ErrorCategory.ConnectionError,
        GuestFailure.NoUpdateAgent => ErrorCategory.ObjectNotFound,
        GuestFailure.GuestRefused => ErrorCategory.InvalidOperation,
        _ => ErrorCategory.NotSpecified,
    };
}
