using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.PowerShell.Output;

/// <summary>A virtual machine of the host, and what it was declared to be.</summary>
public sealed class VmUpdateMachine
{
    internal VmUpdateMachine(MachineInfo machine, string computerName)
    {
        VMName = machine.Machine.Name;
        VMId = machine.Machine.Key.VmId;
        State = machine.Machine.State;
        Role = machine.Role;
        Pool = machine.Pool;
        HasCheckpoints = machine.Machine.HasCheckpoints;
        ManagedBy = machine.Machine.ManagedBy;
        ComputerName = computerName;
    }

    /// <summary>Its name.</summary>
    public string VMName { get; }

    /// <summary>Its id.</summary>
    public Guid VMId { get; }

    /// <summary>What it is doing.</summary>
    public VmPowerState State { get; }

    /// <summary>What it was declared to be; <c>Ignored</c> when it was not declared.</summary>
    public MachineRole Role { get; }

    /// <summary>Its pool; empty when it is in none.</summary>
    public string Pool { get; }

    /// <summary>Whether it has checkpoints.</summary>
    public bool HasCheckpoints { get; }

    /// <summary>The other system that deploys and replaces it; empty when none does.</summary>
    public string ManagedBy { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => VMName;
}
