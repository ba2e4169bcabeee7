namespace VmUpdate.Core.Identity.Leaks;

/// <summary>Makes findings of what the disks of one scan hold.</summary>
internal sealed class LeakFinder(IReadOnlyList<DiskScan> scans)
{
    private const long FirstBuildThatRefuses = 26100; // Windows 11 24H2, Windows Server 2025
    private const int FingerprintDigits = 16;
    private const int MaxPlaces = 20;

    private readonly Dictionary<string, DiskScan> _byPath = scans.ToDictionary(scan => scan.Disk.Path, StringComparer.Ordinal);

    /// <summary>All findings, the gravest first, those of one disk together.</summary>
    public IReadOnlyList<LeakFinding> Find() =>
    [
        .. scans.SelectMany(Leaks).Concat(Duplicates())
            .OrderByDescending(finding => finding.Severity)
            .ThenBy(finding => finding.Kind)
            .ThenBy(finding => finding.Disks[0].Name, StringComparer.OrdinalIgnoreCase)
            .ThenBy(finding => finding.Set, StringComparer.Ordinal),
    ];

    private static IEnumerable<LeakFinding> Leaks(DiskScan scan) => scan.Disk.Role != DiskRole.Master
        ? []
        : scan.Holdings.Where(holding => holding.Item.IsLeak)
            .GroupBy(holding => holding.Set)
            .Select(found => Make(LeakKind.Leak, found.Key.Severity, [.. found], [scan.Disk], source: null));

    /// <summary>One finding for all that the same machines share of a set; so a machine SID is said once for a pool.</summary>
    private IEnumerable<LeakFinding> Duplicates() =>
        scans.Where(scan => !scan.Disk.IsSuperseded)
            .SelectMany(scan => scan.Holdings.Where(holding => holding.Item.IsUnique && holding.Digest.Length > 0)
                .Select(holding => (Scan: scan, Holding: holding)))
            .GroupBy(found => (found.Holding.Set, found.Holding.Item, found.Holding.Digest))
            .Select(same => (same.First().Holding, All: same.Select(one => one.Scan).Distinct().ToList()))
            .Select(same => (same.Holding, same.All, Owners: Owners(same.All)))
            .Where(same => same.Owners.Count > 1)
            .GroupBy(same => (same.Holding.Set, Who: string.Join("|", same.Owners.Select(owner => owner.Disk.Path))))
            .Select(shared => Make(
                LeakKind.Duplicate,
                SeverityOf(shared.Key.Set, shared.First().Holding.Item, shared.First().Owners),
                [.. shared.Select(one => one.Holding)],
                [.. shared.First().Owners.Select(owner => owner.Disk)],
                SourceOf(shared.First().All, shared.First().Owners)));

    /// <summary>Who really has it: a disk that others of them are children of only shows through.</summary>
    private static List<DiskScan> Owners(List<DiskScan> holders)
    {
        var below = new HashSet<string>(holders.SelectMany(scan => scan.Disk.Ancestors), StringComparer.Ordinal);
        return holders.Where(scan => !below.Contains(scan.Disk.Path))
            .OrderBy(scan => scan.Disk.Name, StringComparer.OrdinalIgnoreCase).ThenBy(scan => scan.Disk.Path, StringComparer.Ordinal).ToList();
    }

    private AuditedDisk? SourceOf(List<DiskScan> holders, List<DiskScan> owners) =>
        owners[0].Disk.Ancestors
            .Where(path => owners.All(owner => owner.Disk.Ancestors.Contains(path, StringComparer.Ordinal)))
            .Select(path => _byPath.TryGetValue(path, out DiskScan? scan) && holders.Contains(scan) ? scan.Disk : null)
            .FirstOrDefault(disk => disk is not null);

    private static Severity SeverityOf(IdentitySet set, IdentityItem item, List<DiskScan> owners) =>
        item.Kind == IdentityItemKind.MachineSid && owners.All(owner => owner.Disk.WindowsBuild is > 0 and < FirstBuildThatRefuses)
            ? Severity.Warning
            : set.Severity;

    private static LeakFinding Make(
        LeakKind kind, Severity severity, IReadOnlyList<Holding> found, IReadOnlyList<AuditedDisk> disks, AuditedDisk? source)
    {
        IdentitySet set = found[0].Set;
        string[] shown = [.. found.Select(holding => holding.Shown).Where(text => text.Length > 0).Distinct(StringComparer.Ordinal)];
        string digest = found.FirstOrDefault(holding => holding.Digest.Length > 0)?.Digest ?? string.Empty;
        return new LeakFinding
        {
            Kind = kind,
            Severity = severity,
            Set = set.Id,
            Title = set.Title,
            Items = [.. found.Select(holding => holding.Item.Name).Distinct(StringComparer.Ordinal)],
            Places = [.. found.Select(holding => holding.Place).Distinct(StringComparer.Ordinal).Take(MaxPlaces)],
            Disks = disks,
            Source = source,
            Breaks = set.Breaks,
            Remedy = set.Remedy,
            Fingerprint = digest.Length > FingerprintDigits ? digest.Substring(0, FingerprintDigits) : digest,
            Value = string.Join(", ", shown),
        };
    }
}
