using VmUpdate.Core.Store;

namespace VmUpdate.PowerShell.Output;

/// <summary>A pool: virtual machines that are all made from one master image.</summary>
public sealed class VmUpdatePool
{
    internal VmUpdatePool(PoolRecord pool, string computerName, int machineCount)
    {
        Pool = pool.Name;
        MasterPath = pool.MasterPath;
        KeepOldDiskDays = pool.KeepOldDisksFor.TotalDays;
        MachineCount = machineCount;
        ComputerName = computerName;
    }

    /// <summary>The pool's name. Not called Name: piped on, it would pass for the name of a virtual machine.</summary>
    public string Pool { get; }

    /// <summary>The master image its machines are to be on; empty until one is named.</summary>
    public string MasterPath { get; }

    /// <summary>How long a machine's old disk is kept after a swap, in days.</summary>
    public double KeepOldDiskDays { get; }

    /// <summary>How many machines are in it.</summary>
    public int MachineCount { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => Pool;
}
