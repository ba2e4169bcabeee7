namespace VmUpdate.Core.Identity.Leaks;

/// <summary>What a scan found.</summary>
public sealed class AuditResult
{
    internal AuditResult(IReadOnlyList<AuditedDisk> disks, IReadOnlyList<LeakFinding> findings)
    {
        Disks = disks;
        Findings = findings;
    }

    /// <summary>The disks that were looked at or could not be, masters first.</summary>
    public IReadOnlyList<AuditedDisk> Disks { get; }

    /// <summary>What is wrong, the gravest first.</summary>
    public IReadOnlyList<LeakFinding> Findings { get; }
}
