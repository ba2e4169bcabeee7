using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace VmUpdate.PowerShell.Hosts;

/// <summary>The host that each session (runspace) was connected to.</summary>
internal static class CurrentHost
{
    private static readonly ConditionalWeakTable<Runspace, VmUpdateHost> Hosts = new();

    /// <summary>The present session's host, or <see langword="null"/>.</summary>
    internal static VmUpdateHost? Find() =>
        Runspace.DefaultRunspace is { } session && Hosts.TryGetValue(session, out VmUpdateHost? host) ? host : null;

    /// <summary>Has the present session work on a host from now on.</summary>
    internal static void Set(VmUpdateHost host)
    {
        Runspace session = Runspace.DefaultRunspace;
        Hosts.Remove(session);
        Hosts.Add(session, host);
    }
}
