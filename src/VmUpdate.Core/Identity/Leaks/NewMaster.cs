using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Partitions;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>
/// Makes a new master from an old one, which is only read: what changes is kept in memory, and the whole is written to a new file, a disk of
/// its own that needs no parent. Of the Windows volume only what files hold is written.
/// </summary>
/// <param name="files">Where host files come from.</param>
/// <param name="newGuid">Ids of the new file: each call gives a new one.</param>
/// <param name="allowedParentFolders">Folders outside the old master's own volume or share from which its parents may come.</param>
internal sealed class NewMaster(IHostFileSystem files, Func<Guid> newGuid, IReadOnlyList<string> allowedParentFolders)
{
    private const int ChunkSize = 1 << 20;
    private const int PieceSize = 64 << 10;
    private static readonly byte[] Zeros = new byte[PieceSize];

    /// <summary>Looks at what a change would be. Nothing is written.</summary>
    /// <param name="path">The old master.</param>
    /// <param name="change">Changes a disk that is the old master and keeps changes in memory.</param>
    public void Try(string path, Action<IDisk> change)
    {
        using VhdxDisk master = Open(path);
        using var changed = new OverlayDisk(master);
        change(changed);
    }

    /// <summary>Makes the new master.</summary>
    /// <param name="path">The old one.</param>
    /// <param name="destination">The new file, which must not exist.</param>
    /// <param name="change">Changes a disk that is the old master and keeps changes in memory; returns the partition of its Windows.</param>
    /// <param name="check">Reads the new file, and fails when it is not what it must be.</param>
    /// <param name="progress">Is told how many percent of the disk are copied, each number once.</param>
    /// <param name="cancellation">Ends the work; no file is left then.</param>
    /// <exception cref="VmUpdateException">The old one cannot be read or changed; the new file exists or cannot be written.</exception>
    public void Make(string path, string destination, Func<IDisk, Partition> change, Action<string> check, Action<int>? progress, CancellationToken cancellation)
    {
        string full = Path.GetFullPath(destination);
        IHostFolder folder = files.OpenFolder(Path.GetDirectoryName(full) ?? full);
        string name = Path.GetFileName(full);
        if (folder.Exists(name))
        {
            throw new HostFileException(HostFileFailure.AlreadyExists, full, "a master is changed into a new file, and this one exists.");
        }

        using VhdxDisk master = Open(path);
        using var changed = new OverlayDisk(master);
        Partition windows = change(changed);
        bool isMade = false;
        try
        {
            Write(master, changed, windows, full, () => isMade = true, progress, cancellation);
            check(full);
        }
        catch when (isMade)
        {
            folder.Delete(name);
            throw;
        }
    }

    private VhdxDisk Open(string path) => VhdxDisk.Open(path, new VhdxOpenOptions { Files = files, AllowedParentFolders = allowedParentFolders });

    private void Write(VhdxDisk master, OverlayDisk changed, Partition windows, string path, Action onMade, Action<int>? progress, CancellationToken cancellation)
    {
        int told = -1;
        using VhdxDisk target = VhdxDisk.CreateDynamic(path, master.Length, new VhdxCreateOptions
        {
            Files = files,
            NewGuid = newGuid,
            BlockSize = master.Chain[0].BlockSize,
            LogicalSectorSize = master.LogicalSectorSize,
        });
        onMade();
        Copy(changed, target, 0, windows.Offset, CopiedTo, cancellation);
        using (IBlockDevice from = windows.Open(changed))
        using (IBlockDevice to = windows.Open(target))
        using (NtfsVolume volume = NtfsVolume.Open(from, new NtfsOpenOptions()))
        {
            volume.CopyTo(to, percent => CopiedTo(windows.Offset + (windows.Length / 100 * percent)), cancellation);
        }

        Copy(changed, target, windows.Offset + windows.Length, changed.Length, CopiedTo, cancellation);
        target.Complete();
        CopiedTo(changed.Length);

        void CopiedTo(long position)
        {
            int percent = (int)(position * 100 / changed.Length);
            if (percent > told)
            {
                told = percent;
                progress?.Invoke(percent);
            }
        }
    }

    private static void Copy(OverlayDisk from, VhdxDisk to, long start, long end, Action<long> copiedTo, CancellationToken cancellation)
    {
        byte[] buffer = new byte[ChunkSize];
        for (long at = start; at < end; at += buffer.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            copiedTo(at);
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at));
            from.ReadAt(at, chunk);
            for (int piece = 0; piece < chunk.Length; piece += PieceSize)
            {
                Span<byte> bytes = chunk.Slice(piece, Math.Min(PieceSize, chunk.Length - piece));
                if (!bytes.SequenceEqual(Zeros.AsSpan(0, bytes.Length)))
                {
                    to.WriteAt(at + piece, bytes);
                }
            }
        }
    }
}
