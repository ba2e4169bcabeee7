namespace VmUpdate.PowerShell.Output;

/// <summary>A lab: a made-up host in a folder, with real disks.</summary>
public sealed class VmUpdateLab
{
    /// <summary>The lab's folder.</summary>
    public required string LabPath { get; init; }

    /// <summary>The made-up host's name.</summary>
    public required string ComputerName { get; init; }

    /// <summary>The master image that the pooled machines are on.</summary>
    public required string OldMasterPath { get; init; }

    /// <summary>A newer master image, to move them to.</summary>
    public required string NewMasterPath { get; init; }

    /// <summary>The pool that was declared; empty when there are no pooled machines.</summary>
    public required string Pool { get; init; }

    /// <summary>The pooled machines' names.</summary>
    public required NameList PooledVMs { get; init; }

    /// <summary>The personal machines' names.</summary>
    public required NameList PersonalVMs { get; init; }

    /// <inheritdoc/>
    public override string ToString() => LabPath;
}
