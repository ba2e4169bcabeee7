using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;

namespace VmUpdate.PowerShell.Hosts;

/// <summary>The ports of one host, whatever kind it is, opened for one cmdlet's work.</summary>
internal sealed class HostPorts : IDisposable
{
    /// <summary>The host.</summary>
    internal required IHypervisor Hypervisor { get; init; }

    /// <summary>Its load.</summary>
    internal required IHostMetrics Metrics { get; init; }

    /// <summary>Who is logged on.</summary>
    internal required IUserSessions Sessions { get; init; }

    /// <summary>What guests say they are called; <see langword="null"/> when there is no way to ask.</summary>
    internal required IGuestChannel? Guests { get; init; }

    /// <summary>Words with the guests about tasks.</summary>
    internal required IGuestTasks Tasks { get; init; }

    /// <summary>The host's end of the channels to guests, which takes their requests; <see langword="null"/> when the host has no such channels.</summary>
    internal HostAgent? Agent { get; init; }

    /// <summary>Machines for a piece of work; <see langword="null"/> when the host has no way to make them.</summary>
    internal IBuildMachines? Builds { get; init; }

    /// <summary>How often the host is measured while a broker works.</summary>
    internal required TimeSpan LookEvery { get; init; }

    /// <summary>What is closed with the ports, in this order.</summary>
    internal IReadOnlyList<IDisposable> Owned { get; init; } = [];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable owned in Owned)
        {
            owned.Dispose();
        }
    }
}
