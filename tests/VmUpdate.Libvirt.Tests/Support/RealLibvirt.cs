using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Libvirt.Tests.Support;

/// <summary>
/// libvirt's QEMU driver within the tests' process, with all it keeps in a folder of its own: no daemon, nothing of the computer's own
/// machines is seen. libvirt allows one such folder in a process. The machines are emulated: whether KVM works here does not matter.
/// </summary>
internal static class RealLibvirt
{
    private static readonly Lazy<string> Folder = new(Prepare);

    // Each opening registers the driver in libvirt's table once more, which has room for about twenty: the tests share their connections.
    private static readonly Lazy<LibvirtHypervisor> First = new(Open);
    private static readonly Lazy<LibvirtHypervisor> Second = new(Open);
    private static readonly Lazy<LibvirtConnection> Third = new(() => new LibvirtConnection(Uri));

    /// <summary>The host.</summary>
    internal static LibvirtHypervisor Host => First.Value;

    /// <summary>The same host for somebody else.</summary>
    internal static LibvirtHypervisor Other => Second.Value;

    /// <summary>The same host for an administrator.</summary>
    internal static LibvirtConnection Raw => Third.Value;

    /// <summary>The URI.</summary>
    internal static string Uri => $"qemu:///embed?root={Root}";

    /// <summary>The folder; short, since the paths of sockets lie in it.</summary>
    internal static string Root => Folder.Value;

    /// <summary>
    /// Skips the test where the programs are not installed; in CI it fails. Skipped everywhere unless it is asked for: with libvirt's driver in
    /// their own process the tests have hung and ended with it now and then, and what is not reliable judges nothing.
    /// </summary>
    internal static void Require()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("VMUPDATE_REAL_LIBVIRT") == "1",
            "Real QEMU is tried with VMUPDATE_REAL_LIBVIRT=1 only: within the tests' process it is not reliable yet.");
        Judges.Require("qemu-system-x86_64");
        Judges.Require("qemu-nbd");
        Judges.Require(
            File.Exists("/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so"), "libvirt's QEMU driver is not installed.");
        Judges.Require(Environment.IsPrivilegedProcess, "libvirt's embedded QEMU driver is tried as root only.");
        TinyGuest.Require();
    }

    private static LibvirtHypervisor Open() => LibvirtHypervisor.Open(Uri, new LibvirtOptions { Files = new HostFileSystem() });

    private static string Prepare()
    {
        string root = Path.Combine("/tmp", "vmu-" + Guid.NewGuid().ToString("N")[..8]);
        Directory.CreateDirectory(Path.Combine(root, "etc"));
        Directory.CreateDirectory(Path.Combine(root, "disks"));
        Directory.CreateDirectory(Path.Combine(root, "nbd"));

        // As root, without the helpers that a whole system has: no systemd, no control groups, no security labels.
        File.WriteAllLines(
            Path.Combine(root, "etc", "qemu.conf"),
            [
                "user = \"root\"", "group = \"root\"", "dynamic_ownership = 0", "remember_owner = 0", "security_driver = \"none\"",
                "namespaces = []", "cgroup_controllers = []", "stdio_handler = \"file\"", "save_image_format = \"raw\"",
            ]);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove(root);
        Reaper.Start();
        return root;
    }

    private static void Remove(string root)
    {
        try
        {
            Directory.Delete(root, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What a machine that is ending still holds must not turn finished tests red.
        }
    }
}
