using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Partitions;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>
/// Makes a new master without what leaks from an old one. The old one is only read: what changes is kept in memory, and what is left is
/// written to the new file, a disk of its own that needs no parent.
/// </summary>
/// <remarks>
/// On the Windows volume nothing is copied that no file holds: neither free clusters, nor what lies behind a file's end, nor unused file
/// records, nor the journal; the hives' free cells are overwritten and their logs emptied. So what was taken, and what Windows had
/// deleted before, is nowhere in the new file. What is not looked into: other volumes, which are copied as they are; what a shorter value
/// leaves of a longer one in a cell of a hive that is in use; names of deleted files in the slack of folders and in the change journal;
/// copies that somebody made in places of his own.
/// </remarks>
public sealed class MasterCleaner
{
    private readonly IdentityCatalogue _catalogue;
    private readonly MasterCleanerOptions _options;
    private readonly NewMaster _masters;

    /// <summary>Makes the cleaner.</summary>
    /// <param name="catalogue">What is taken: items with the master's verb strip, and all that leaks.</param>
    /// <param name="options">How.</param>
    public MasterCleaner(IdentityCatalogue catalogue, MasterCleanerOptions options)
    {
        _catalogue = catalogue;
        _options = options;
        _masters = new NewMaster(options.Files, options.NewGuid, options.AllowedParentFolders);
    }

    /// <summary>What would be taken. Nothing is written.</summary>
    /// <param name="path">The master.</param>
    /// <returns>What would be taken.</returns>
    /// <exception cref="VmUpdateException">The master cannot be read, or not be cleaned.</exception>
    public CleanResult Plan(string path)
    {
        CleanResult? result = null;
        _masters.Try(path, disk => result = Strip(disk, path, out _));
        return result!;
    }

    /// <summary>Makes the new master.</summary>
    /// <param name="path">The old one. It may be a child of another; the new one is not.</param>
    /// <param name="destination">The new file, which must not exist.</param>
    /// <param name="progress">Is told how many percent of the disk are copied, each number once; then the new file is read back.</param>
    /// <param name="cancellation">Ends the work; no file is left then.</param>
    /// <returns>What was taken. The new file was read back: a second cleaning would take nothing.</returns>
    /// <exception cref="VmUpdateException">The master cannot be read, or not be cleaned; the new file exists or cannot be written.</exception>
    public CleanResult Clean(string path, string destination, Action<int>? progress, CancellationToken cancellation)
    {
        CleanResult? result = null;
        _masters.Make(
            path,
            destination,
            disk =>
            {
                result = Strip(disk, path, out Partition windows);
                return windows;
            },
            RequireClean,
            progress,
            cancellation);
        return result!;
    }

    private CleanResult Strip(IDisk disk, string subject, out Partition windows)
    {
        var items = new List<CleanedItem>();
        IReadOnlyList<string> traces;
        using (GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = subject, Writable = true, UtcNow = _options.UtcNow }))
        {
            if (guest.Volume.HasSnapshots)
            {
                throw new IdentityException(
                    IdentityFailure.MasterHasSnapshots,
                    subject,
                    "its Windows volume has shadow copies (restore points), which hold older states of all that would be taken. "
                    + "Delete them first: vssadmin delete shadows /all.");
            }

            windows = guest.Partition;
            traces = CleanerTraces.Read(guest);
            var stripper = new MasterStripper(guest);
            foreach (IdentitySet set in _catalogue.Sets.Where(set => set.IsEnabled && !set.IsUserData && !_options.LeaveOut.Contains(set.Id)))
            {
                items.AddRange(stripper.Strip(set));
            }

            stripper.WipeHives();
            guest.Commit();
        }

        EmptyHiveLogs(disk, windows, subject);
        return new CleanResult(items, traces);
    }

    // A log holds pages of its hive as they were. The hives are whole now, so nothing in the logs is needed.
    private void EmptyHiveLogs(IDisk disk, Partition windows, string subject)
    {
        using IBlockDevice device = windows.Open(disk);
        using NtfsVolume volume = NtfsVolume.Open(device, new NtfsOpenOptions { Writable = true, UtcNow = _options.UtcNow });
        using (GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = subject }))
        {
            GuestPath config = guest.WindowsFolder.Append("System32").Append("config");
            foreach (HiveName hive in MasterStripper.Hives.Where(guest.HasHive))
            {
                foreach (string extension in new[] { ".LOG", ".LOG1", ".LOG2" })
                {
                    GuestPath log = config.Append(hive.ToString().ToUpperInvariant() + extension);
                    if (volume.Find(log) is { IsDirectory: false, Length: > 0 })
                    {
                        using IBlockFile stream = volume.OpenStream(log, writable: true);
                        stream.SetLength(0);
                    }
                }
            }
        }

        volume.Flush();
    }

    private void RequireClean(string path)
    {
        CleanResult left = Plan(path);
        if (left.Items.Count > 0)
        {
            throw new IdentityException(
                IdentityFailure.ResultDiffers,
                path,
                $"read back, the new master still holds {left.Items[0].Set}/{left.Items[0].Item}: it was deleted.",
                left.Items[0].Place);
        }
    }
}
