using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Simulation.World;

/// <summary>A machine of the world.</summary>
internal sealed class SimulatedVm(TargetMachine machine, VmPowerState power, string volume)
{
    /// <summary>What it is.</summary>
    public TargetMachine Machine { get; } = machine;

    /// <summary>What it really does.</summary>
    public VmPowerState Power { get; set; } = power;

    /// <summary>The volume it is on.</summary>
    public string Volume { get; } = volume;

    /// <summary>The note of the broker in it.</summary>
    public VmPowerState? Mark { get; set; }

    /// <summary>Its guest.</summary>
    public SimulatedGuest Guest { get; } = new();

    /// <summary>How many actions are under way for it: until they end, nobody looks at its state.</summary>
    public int ActionsUnderWay { get; set; }

    /// <summary>The state that the broker found and woke it from; <see langword="null"/> when it did not, or is through with it.</summary>
    public VmPowerState? WokenFrom { get; set; }

    /// <summary>When a broker first asked for its sessions since it was woken, in the time that the host was awake.</summary>
    public TimeSpan? BaselineAt { get; set; }

    /// <summary>Counts its power changes, so that what was planned for an older boot does not happen.</summary>
    public int Boot { get; set; }
}
