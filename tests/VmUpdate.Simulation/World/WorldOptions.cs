using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;

namespace VmUpdate.Simulation.World;

/// <summary>What a world is made of. Everything else follows from its seed.</summary>
internal sealed record WorldOptions
{
    /// <summary>The power states that its machines begin in; their number is the number of machines.</summary>
    public required IReadOnlyList<VmPowerState> Machines { get; init; }

    /// <summary>How many tasks are registered at the beginning.</summary>
    public int Tasks { get; init; } = 3;

    /// <summary>What the guests do with the first, second ... task; empty for chance.</summary>
    public IReadOnlyList<GuestTemper> Tempers { get; init; } = [];

    /// <summary>Whether a user is logged on (without a screen) in every machine from the beginning.</summary>
    public bool HasSessions { get; init; }

    /// <summary>How often something goes wrong, from 0 to 1.</summary>
    public double Faults { get; init; }

    /// <summary>The limits of the host.</summary>
    public HostLimits Limits { get; init; } = new() { SettleTime = TimeSpan.FromSeconds(10) };
}
