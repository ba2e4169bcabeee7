using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

/// <summary>What libvirt's errors are to VmUpdate.</summary>
internal static class LibvirtErrors
{
    private const int NotPermitted = 1;
    private const int PermissionDenied = 13;
    private const string LikeUri = "A URI is like qemu:///system, or qemu+ssh://root@kvm01/system for another host.";

    /// <summary>The failure of the calling thread's last call.</summary>
    /// <param name="subject">The machine's name, or the host's.</param>
    /// <param name="what">What was asked, as in "saving it".</param>
    internal static HypervisorException Last(string subject, string what) => Translate(LibvirtError.Last(), subject, what);

    internal static HypervisorException Translate(LibvirtError error, string subject, string what)
    {
        HypervisorFailure failure = error.Code switch
        {
            LibvirtError.NoDomain or LibvirtError.InvalidDomain => HypervisorFailure.VmNotFound,
            LibvirtError.OperationInvalid or LibvirtError.ResourceBusy or LibvirtError.OperationTimeout => HypervisorFailure.VmBusy,
            LibvirtError.OperationDenied or LibvirtError.AuthFailed or LibvirtError.AuthCancelled or LibvirtError.AccessDenied =>
                HypervisorFailure.AccessDenied,
            LibvirtError.SystemError when error.Errno is NotPermitted or PermissionDenied => HypervisorFailure.AccessDenied,
            LibvirtError.Rpc => HypervisorFailure.HostNotReachable,
            _ when IsDiskHeld(error.Message) => HypervisorFailure.DiskNotUsable,
            _ => HypervisorFailure.OperationFailed,
        };
        return new HypervisorException(failure, subject, $"{what} failed: {Sentence(error.Message)}");
    }

    /// <summary>A text that is no URI.</summary>
    internal static HypervisorException OfUri(string text) =>
        new(HypervisorFailure.HostNotUsable, text.Length == 0 ? "libvirt" : text, $"'{text}' is no URI of libvirt. {LikeUri}");

    /// <summary>Why a connection could not be made, with what to do about it.</summary>
    internal static HypervisorException OfOpening(LibvirtError error, string uri)
    {
        (HypervisorFailure failure, string remedy) = error.Code switch
        {
            LibvirtError.NoConnect or LibvirtError.InvalidArgument or LibvirtError.NoSupport => (
                HypervisorFailure.HostNotUsable, LikeUri),
            LibvirtError.Internal when error.Message.Contains("URI") => (HypervisorFailure.HostNotUsable, LikeUri),
            LibvirtError.AuthFailed or LibvirtError.AuthCancelled or LibvirtError.AccessDenied or LibvirtError.OperationDenied => (
                HypervisorFailure.AccessDenied, "Work as root, or as a member of the group libvirt."),
            LibvirtError.SystemError when error.Errno is NotPermitted or PermissionDenied => (
                HypervisorFailure.AccessDenied, "Work as root, or as a member of the group libvirt."),
            _ => (HypervisorFailure.HostNotReachable, "See that libvirtd runs there: systemctl status libvirtd."),
        };
        return new HypervisorException(failure, uri, $"libvirt cannot be connected to: {Sentence(error.Message)} {remedy}");
    }

    /// <summary>The library is absent, or cannot be loaded.</summary>
    internal static HypervisorException OfLoading(Exception failure) => new(
        HypervisorFailure.HostNotUsable,
        "libvirt",
        failure is EntryPointNotFoundException
            ? $"the library libvirt.so.0 of this computer is too old: {failure.Message} Install libvirt 4.5 or newer."
            : "the library libvirt.so.0 is not on this computer. Install it: apt install libvirt0 (Debian, Ubuntu), dnf install libvirt-libs (Fedora, RHEL).",
        failure);

    private static bool IsDiskHeld(string message) =>
        message.Contains("\"write\" lock") || message.Contains("Is another process using the image");

    private static string Sentence(string message)
    {
        string text = message.Trim();
        return text.EndsWith(".", StringComparison.Ordinal) ? text : text + ".";
    }
}
