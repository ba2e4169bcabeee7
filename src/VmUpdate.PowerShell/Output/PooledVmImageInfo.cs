using VmUpdate.Core.Images;

namespace VmUpdate.PowerShell.Output;

/// <summary>What a pooled virtual machine is on.</summary>
public sealed class PooledVmImageInfo
{
    internal PooledVmImageInfo(PooledVmImage image, string computerName)
    {
        VMName = image.VMName;
        VMId = image.VMId;
        Pool = image.Pool;
        Revision = image.Revision;
        Master = image.Master;
        IsCurrent = image.IsCurrent;
        DiskPath = image.DiskPath;
        PreviousDiskPath = image.PreviousDiskPath;
        KeptUntil = image.KeptUntil;
        OpenSwap = image.OpenSwap;
        ComputerName = computerName;
    }

    /// <summary>The machine's name.</summary>
    public string VMName { get; }

    /// <summary>The machine's id.</summary>
    public Guid VMId { get; }

    /// <summary>Its pool.</summary>
    public string Pool { get; }

    /// <summary>The number of its disk; 0 while it has not been swapped.</summary>
    public int Revision { get; }

    /// <summary>The image that its disk is a child of; empty when that is not known.</summary>
    public string Master { get; }

    /// <summary>Whether that is the pool's master.</summary>
    public bool IsCurrent { get; }

    /// <summary>Its disk.</summary>
    public string DiskPath { get; }

    /// <summary>The disk it had before, while that is kept; empty when there is none.</summary>
    public string PreviousDiskPath { get; }

    /// <summary>Until when that is kept, in UTC.</summary>
    public DateTime? KeptUntil { get; }

    /// <summary>The step at which its swap stands; empty when none is open.</summary>
    public string OpenSwap { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => VMName;
}
