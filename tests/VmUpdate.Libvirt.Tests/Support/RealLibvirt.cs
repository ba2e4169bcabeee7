using VmUpdate.DiskFormats.Blocks;
using VmUpdate.RealQemu;

namespace VmUpdate.Libvirt.Tests.Support;

/// <summary>The connections of the tests to the libvirtd of their own.</summary>
internal static class RealLibvirt
{
    private static readonly Lazy<LibvirtHypervisor> First = new(() => Open());
    private static readonly Lazy<LibvirtHypervisor> Second = new(() => Open());

    /// <summary>The host.</summary>
    internal static LibvirtHypervisor Host => First.Value;

    /// <summary>The same host for somebody else.</summary>
    internal static LibvirtHypervisor Other => Second.Value;

    /// <summary>One more connection.</summary>
    /// <param name="agentTimeout">How long a guest's agent may take for one answer.</param>
    internal static LibvirtHypervisor Open(TimeSpan? agentTimeout = null) => LibvirtHypervisor.Open(
        PrivateLibvirtd.Shared.Uri, new LibvirtOptions { Files = new HostFileSystem(), AgentTimeout = agentTimeout ?? TimeSpan.FromSeconds(5) });
}
