using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>
/// Looks disks through for what leaks from masters, and for what machines share that only one of them may have. Disks are opened for
/// reading only. The parents of a disk are looked at too, each once, whoever names it.
/// </summary>
public sealed class IdentityAudit
{
    private const string ComputerNameKey = @"CurrentControlSet\Control\ComputerName\ComputerName";
    private const string SetupStateKey = @"Microsoft\Windows\CurrentVersion\Setup\State";
    private const string Generalized = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE";
    private const int ManyChildren = 2;

    private readonly IdentityCatalogue _catalogue;
    private readonly IHostFileSystem _files;
    private readonly IReadOnlyList<string> _allowedParentFolders;

    /// <summary>Makes the scan.</summary>
    /// <param name="catalogue">What counts as identity, what of it leaks, and what is unique.</param>
    /// <param name="files">Where host files come from.</param>
    /// <param name="allowedParentFolders">Folders outside a disk's own volume or share from which its parents may come.</param>
    public IdentityAudit(IdentityCatalogue catalogue, IHostFileSystem files, IReadOnlyList<string> allowedParentFolders)
    {
        _catalogue = catalogue;
        _files = files;
        _allowedParentFolders = allowedParentFolders;
    }

    /// <summary>Looks at disks.</summary>
    /// <param name="targets">The disks. One that is named twice is looked at once.</param>
    /// <param name="progress">Told before each of them.</param>
    /// <param name="cancellation">Ends the work between two disks.</param>
    /// <returns>What was found. A disk that could not be looked at is part of it, and spares the others.</returns>
    public AuditResult Run(IReadOnlyList<AuditTarget> targets, Action<AuditTarget>? progress, CancellationToken cancellation)
    {
        using var parents = new ParentCache();
        using var fingerprint = new SecretFingerprint(SystemSalt.Fill);
        var run = new Scanning(this, parents, new DiskScanner(_catalogue, fingerprint));
        foreach (AuditTarget target in targets)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(target);
            run.Look(target, cancellation);
        }

        return run.Finish();
    }

    private VhdxDisk Open(string path, ParentCache parents, bool isShared) => VhdxDisk.Open(
        path, new VhdxOpenOptions { Files = _files, Parents = parents, AllowedParentFolders = _allowedParentFolders, IsSharedParent = isShared });

    private static string TextAt(GuestDisk disk, HiveName hive, string key, string value) =>
        disk.OpenHive(hive).Find(disk.ResolveKey(hive, key))?.FindValue(value) is { } found ? GuestDisk.TextOf(found) : string.Empty;

    /// <summary>The state of one scan.</summary>
    private sealed class Scanning(IdentityAudit audit, ParentCache parents, DiskScanner scanner)
    {
        private readonly Dictionary<string, AuditedDisk> _disks = new(StringComparer.Ordinal);
        private readonly List<DiskScan> _scans = [];
        private readonly Dictionary<string, DiskRole> _roles = new(StringComparer.Ordinal);

        public void Look(AuditTarget target, CancellationToken cancellation)
        {
            string path = Path.GetFullPath(target.Path);
            _roles[path] = target.Role != DiskRole.Auto || !_roles.TryGetValue(path, out DiskRole before) ? target.Role : before;
            if (_disks.ContainsKey(path))
            {
                return;
            }

            try
            {
                using VhdxDisk disk = audit.Open(path, parents, isShared: false);
                foreach (VhdxFileInfo parent in disk.Chain.Skip(1).Reverse().Where(parent => !_disks.ContainsKey(parent.Path)).ToList())
                {
                    // It stays open, and what is read often of it stays in memory, for all its children.
                    cancellation.ThrowIfCancellationRequested();
                    LookAtParent(parent.Path);
                }

                if (!_disks.ContainsKey(path))
                {
                    Scan(path, target.Name, disk);
                }
            }
            catch (VmUpdateException failure)
            {
                _disks[path] = new AuditedDisk { Path = path, Name = target.Name, Failure = failure };
            }
        }

        public AuditResult Finish()
        {
            foreach (DiskScan scan in _scans)
            {
                scan.Disk.Role = RoleOf(scan.Disk);
            }

            FormerDisks.Mark(_disks.Values);
            var disks = _disks.Values.OrderBy(disk => disk.Role).ThenBy(disk => disk.Name, StringComparer.OrdinalIgnoreCase).ToList();
            return new AuditResult(disks, new LeakFinder(_scans).Find());
        }

        private void LookAtParent(string path)
        {
            try
            {
                using VhdxDisk disk = audit.Open(path, parents, isShared: true);
                Scan(path, Path.GetFileName(path), disk);
            }
            catch (VmUpdateException failure)
            {
                _disks[path] = new AuditedDisk { Path = path, Name = Path.GetFileName(path), Failure = failure };
            }
        }

        private void Scan(string path, string name, VhdxDisk disk)
        {
            using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
            IReadOnlyList<Holding> holdings = scanner.Scan(guest);
            var audited = new AuditedDisk
            {
                Path = path,
                Name = name,
                Ancestors = [.. disk.Chain.Skip(1).Select(parent => parent.Path)],
                ComputerName = TextAt(guest, HiveName.System, ComputerNameKey, "ComputerName"),
                WindowsBuild = guest.WindowsBuild,
                IsGeneralized = TextAt(guest, HiveName.Software, SetupStateKey, "ImageState") == Generalized,
            };
            _disks[path] = audited;
            _scans.Add(new DiskScan(audited, holdings));
        }

        private DiskRole RoleOf(AuditedDisk disk)
        {
            if (_roles.TryGetValue(disk.Path, out DiskRole named) && named != DiskRole.Auto)
            {
                return named;
            }

            // The former disk of a machine may be the parent of its present one: one child of the same name makes no master.
            int children = _scans.Count(scan => scan.Disk.Ancestors.Count > 0 && scan.Disk.Ancestors[0] == disk.Path);
            return children >= ManyChildren || disk.Ancestors.Count == 0 ? DiskRole.Master : DiskRole.Machine;
        }
    }
}
