using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Leaks;

namespace VmUpdate.PowerShell.Output;

/// <summary>Something that leaks from a master, or that several machines share. No secret is in it.</summary>
public sealed class VmIdentityLeak
{
    internal VmIdentityLeak(LeakFinding finding)
    {
        Severity = finding.Severity;
        Kind = finding.Kind;
        SetName = finding.Set;
        Title = finding.Title;
        Item = new NameList(finding.Items);
        Disk = new NameList(finding.Disks.Select(disk => disk.Name));
        Path = new NameList(finding.Disks.Select(disk => disk.Path));
        Master = finding.Kind == LeakKind.Leak ? finding.Disks[0].Path : finding.Source?.Path ?? string.Empty;
        Breaks = finding.Breaks;
        Remedy = finding.Remedy;
        Place = new NameList(finding.Places);
        Value = finding.Value;
        Fingerprint = finding.Fingerprint;
    }

    /// <summary>How grave it is: Error, Warning or Information.</summary>
    public Severity Severity { get; }

    /// <summary>Leak: a master holds it. Duplicate: several machines do.</summary>
    public LeakKind Kind { get; }

    /// <summary>The set of identity.</summary>
    public string SetName { get; }

    /// <summary>What the set is.</summary>
    public string Title { get; }

    /// <summary>The items of the set that were found.</summary>
    public NameList Item { get; }

    /// <summary>The master, or the machines that share it.</summary>
    public NameList Disk { get; }

    /// <summary>Their files.</summary>
    public NameList Path { get; }

    /// <summary>The master that leaks it, or that the machines have it from; empty when it is not among what was looked at.</summary>
    public string Master { get; }

    /// <summary>What goes wrong by it.</summary>
    public string Breaks { get; }

    /// <summary>What to do.</summary>
    public string Remedy { get; }

    /// <summary>Where on the first of the disks it is.</summary>
    public NameList Place { get; }

    /// <summary>What is there, where that is no secret.</summary>
    public string Value { get; }

    /// <summary>Equal for equal things; of a secret within one call only. Never the thing itself.</summary>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Severity}: {Title}: {Disk}";
}
