using VmUpdate.Core.Identity;

namespace VmUpdate.PowerShell.Output;

/// <summary>One thing on a disk that makes a machine this machine. Secrets are never shown: a fingerprint stands for what is there.</summary>
public sealed class VmIdentityItem
{
    internal VmIdentityItem(IdentityFinding finding, string path)
    {
        Path = path;
        SetName = finding.Set;
        Item = finding.Item;
        Place = finding.Place;
        Verb = finding.Verb;
        Present = finding.Present;
        Fingerprint = finding.Fingerprint;
        Value = finding.Display;
    }

    /// <summary>The disk.</summary>
    public string Path { get; }

    /// <summary>The set it belongs to; a set is carried whole or not at all.</summary>
    public string SetName { get; }

    /// <summary>Its name in the set.</summary>
    public string Item { get; }

    /// <summary>Where on the disk it is: a key and value of the registry, or a path.</summary>
    public string Place { get; }

    /// <summary>What a swap does with it.</summary>
    public SetVerb Verb { get; }

    /// <summary>Whether the disk holds it.</summary>
    public bool Present { get; }

    /// <summary>
    /// Sixteen digits of a hash of what the disk holds: equal on two disks when they hold the same; for secrets only within one session, so
    /// that nobody can try passwords against them.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>What the disk holds, where that is no secret.</summary>
    public string Value { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{SetName}/{Item}";
}
