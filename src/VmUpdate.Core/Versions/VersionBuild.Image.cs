using VmUpdate.Core.Identity.Leaks;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Versions;

/// <content>The new master: written, looked through, recorded.</content>
internal sealed partial class VersionBuild
{
    /// <summary>Copies the build machine's disk, with its parents, into a file of its own.</summary>
    private void Seal(CancellationToken cancellation)
    {
        _journal.Begin(BuildState.Sealed, $"{Build.DiskPath} -> {Build.NewPath}");
        RequireMaster();

        // A former attempt may have left it half written. It is deleted and written anew, never repaired.
        HostPath.FolderOf(_images.Files, Build.NewPath).Delete(Path.GetFileName(Build.NewPath));
        using VhdxDisk disk = VhdxDisk.CreateCopy(Build.NewPath, Build.DiskPath, CreateOptions, cancellation);
        disk.Complete();
    }

    /// <summary>Makes sure that the master is what the build was made from.</summary>
    private void RequireMaster()
    {
        using VhdxDisk master = VhdxDisk.Open(
            Build.MasterPath, new VhdxOpenOptions { Files = _images.Files, AllowedParentFolders = _images.AllowedParentFolders });
        if (master.DataWriteGuid != Build.MasterDataWriteGuid)
        {
            throw new VersionException(
                VersionFailure.MasterChanged,
                Build.MasterPath,
                $"somebody wrote to it while version {Build.Number} was made from it. Its machines' disks, which are children of it, are damaged too: put a backup in its place.");
        }
    }

    /// <summary>Looks the file through that machines will be made from, by an open of its own.</summary>
    private void Check(CancellationToken cancellation)
    {
        _journal.Begin(BuildState.Checked, Build.NewPath);
        ImageCheckResult check = ImageCheck.Run(Build.NewPath, _images, cancellation);
        if (check.Findings.FirstOrDefault(finding => finding.Severity == Identity.Severity.Error) is { } defect)
        {
            throw new VersionException(VersionFailure.ImageNotSound, Build.Pool, $"its version {Build.Number} is not fit for use: {defect.Message}{KeptDisk}");
        }

        var audit = new IdentityAudit(_images.Catalogue, _images.Files, _images.AllowedParentFolders);
        AuditTarget Target(string path) => new(path, Path.GetFileName(path), DiskRole.Master);
        AuditResult found = audit.Run([Target(Build.NewPath), Target(Build.MasterPath)], null, cancellation);
        if (found.Disks.FirstOrDefault(disk => disk.Failure is not null) is { } unread)
        {
            throw unread.Failure!;
        }

        var before = new HashSet<string>(LeaksOf(found, Build.MasterPath).Select(leak => leak.Set));
        _journal.Note(build => build with
        {
            Findings = [.. LeaksOf(found, Build.NewPath).Select(leak => new VersionFinding(leak.Severity, leak.Set, leak.Title, !before.Contains(leak.Set)))],
            DataWriteGuid = check.DataWriteGuid,
        });
    }

    private static IEnumerable<LeakFinding> LeaksOf(AuditResult found, string path) => found.Findings
        .Where(finding => finding.Kind == LeakKind.Leak && finding.Disks.Any(disk => HostPath.AreSame(disk.Path, path)));

    /// <summary>Records the version, and has the pool point to it, in one commit.</summary>
    private void Commit()
    {
        PoolRecord? pool = _images.Store.FindPool(Build.HostId, Build.Pool);
        bool isStillFrom = pool is not null && HostPath.AreSame(pool.MasterPath, Build.MasterPath);
        if (!isStillFrom)
        {
            _journal.Note(build => build with
            {
                Warnings =
                [
                    .. build.Warnings,
                    "The pool was given another master meanwhile, and was left at that: Set-VmUpdatePool -MasterPath makes this version its master.",
                ],
            });
        }

        bool isFromKnown = _images.Store.GetVersions(Build.HostId, Build.Pool).Any(known => known.Number == Build.FromNumber);
        _journal.Begin(BuildState.Committed, Build.NewPath, transaction =>
        {
            if (!isFromKnown)
            {
                transaction.SaveVersion(Build.HostId, new ImageVersion
                {
                    Pool = Build.Pool, Number = Build.FromNumber, Path = Build.MasterPath, DataWriteGuid = Build.MasterDataWriteGuid, Created = Build.Began,
                });
            }

            transaction.SaveVersion(Build.HostId, Version);
            if (isStillFrom)
            {
                transaction.SavePool(pool! with { MasterPath = Build.NewPath });
            }
        });
    }

    private ImageVersion Version => new()
    {
        Pool = Build.Pool,
        Number = Build.Number,
        Path = Build.NewPath,
        DataWriteGuid = Build.DataWriteGuid,
        Created = _images.Clock.UtcNow,
        FromNumber = Build.FromNumber,
        TaskName = Build.Task.Name,
        RunId = Build.RunId,
        Result = Build.Result,
        Findings = Build.Findings,
        Warnings = Build.Warnings,
    };

    private async Task<ImageVersion> TakeAwayAsync()
    {
        await RemoveMachineAsync().ConfigureAwait(false);
        await Hypervisor.DeleteDiskAsync(Build.DiskPath, CancellationToken.None).ConfigureAwait(false);
        _journal.End();
        return _images.Store.GetVersions(Build.HostId, Build.Pool).Single(version => version.Number == Build.Number);
    }
}
