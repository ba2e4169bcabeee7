using VmUpdate.Core.Images;

namespace VmUpdate.PowerShell.Output;

/// <summary>A file that an identity was exported to.</summary>
public sealed class VmIdentityExport
{
    internal VmIdentityExport(IdentityExportResult result)
    {
        VMName = result.VMName;
        VMId = result.VMId;
        Path = result.Path;
        Source = result.Source;
        Taken = result.TakenUtc;
        MachineSecretSet = result.MachineSecretSetUtc;
        Sets = new NameList(result.Sets);
        SetsLeftOut = new NameList(result.SetsLeftOut);
    }

    /// <summary>The machine's name; for a disk of no machine, the disk's.</summary>
    public string VMName { get; }

    /// <summary>The machine's id; empty for a disk of no machine.</summary>
    public Guid VMId { get; }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The disk that it was taken from.</summary>
    public string Source { get; }

    /// <summary>When it was taken, in UTC.</summary>
    public DateTime Taken { get; }

    /// <summary>When the machine's secret in its domain was set, in UTC; empty when it is not in the file.</summary>
    public DateTime? MachineSecretSet { get; }

    /// <summary>The sets that are in the file.</summary>
    public NameList Sets { get; }

    /// <summary>The sets that the disk holds and the file does not.</summary>
    public NameList SetsLeftOut { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
