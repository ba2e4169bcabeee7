using System.Runtime.InteropServices;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt.Tests.Support;

/// <summary>What an administrator does past VmUpdate, by libvirt's own calls.</summary>
internal static class RawLibvirt
{
    private const uint UndefineAll = 1 | 2; // with its saved state and its snapshots' records

    internal static void Define(string xml) => With(connection =>
    {
        IntPtr domain = VirApi.Define(connection, Utf8.Of(xml), 0);
        if (domain == IntPtr.Zero)
        {
            throw new InvalidOperationException(LibvirtError.Last().Message);
        }

        _ = VirApi.FreeDomain(domain);
    });

    /// <summary>Turns a machine off and takes it away.</summary>
    internal static void Remove(Guid vm) => With(connection =>
    {
        IntPtr domain = VirApi.FindDomain(connection, Utf8.Of(vm.ToString("D")));
        if (domain != IntPtr.Zero)
        {
            _ = Destroy(domain);
            _ = Undefine(domain, UndefineAll);
            _ = VirApi.FreeDomain(domain);
        }
    });

    /// <summary>Pulls the plug.</summary>
    internal static void TurnOff(Guid vm) => With(connection =>
    {
        IntPtr domain = VirApi.FindDomain(connection, Utf8.Of(vm.ToString("D")));
        _ = Destroy(domain);
        _ = VirApi.FreeDomain(domain);
    });

    private static void With(Action<IntPtr> work) => RealLibvirt.Raw.Use(handle =>
    {
        work(handle);
        return true;
    });

    [DllImport("libvirt.so.0", EntryPoint = "virDomainDestroy")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Destroy(IntPtr domain);

    [DllImport("libvirt.so.0", EntryPoint = "virDomainUndefineFlags")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Undefine(IntPtr domain, uint flags);
}
