using VmUpdate.Core.Images;

namespace VmUpdate.PowerShell.Output;

/// <summary>A new disk that an exported identity was put onto.</summary>
public sealed class VmIdentityImport
{
    internal VmIdentityImport(IdentityImportResult result, string computerName)
    {
        VMName = result.VMName;
        VMId = result.VMId;
        DiskPath = result.DiskPath;
        MasterPath = result.MasterPath;
        GuestName = result.ComputerName;
        Taken = result.TakenUtc;
        SetsCarried = new NameList(result.SetsCarried);
        SetsStripped = new NameList(result.SetsStripped);
        SetsLost = new NameList(result.SetsLost);
        ComputerName = computerName;
    }

    /// <summary>The name of the machine that the disk is for.</summary>
    public string VMName { get; }

    /// <summary>The id of the machine that the disk is for.</summary>
    public Guid VMId { get; }

    /// <summary>The new disk. It is attached to nothing.</summary>
    public string DiskPath { get; }

    /// <summary>The master that it is a child of.</summary>
    public string MasterPath { get; }

    /// <summary>What the machine calls itself on it.</summary>
    public string GuestName { get; }

    /// <summary>When the identity was exported, in UTC.</summary>
    public DateTime Taken { get; }

    /// <summary>The sets that are on the disk.</summary>
    public NameList SetsCarried { get; }

    /// <summary>The sets that the master had and that were removed.</summary>
    public NameList SetsStripped { get; }

    /// <summary>The sets that the file holds and the disk does not.</summary>
    public NameList SetsLost { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => DiskPath;
}
