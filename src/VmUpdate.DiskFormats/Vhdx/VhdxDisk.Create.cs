using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx.Parents;

namespace VmUpdate.DiskFormats.Vhdx;

/// <content>Making disks.</content>
public sealed partial class VhdxDisk
{
    private const int DefaultPhysicalSectorSize = 4096;

    /// <summary>
    /// Makes a differencing disk with blocks of 2 MiB, of its parent's size and sectors. Until <see cref="Complete"/> it is under
    /// construction: flushes cost nothing, and a crash leaves a file that is to be deleted and made anew.
    /// </summary>
    /// <param name="path">The new file's path.</param>
    /// <param name="parentPath">The parent's path.</param>
    /// <param name="options">How; block size and sector size are not looked at.</param>
    /// <returns>The disk, open for writing.</returns>
    /// <exception cref="DiskFormatException">The parent, or one of its own, cannot be used: as <see cref="Open"/>.</exception>
    /// <exception cref="HostFileException">The file exists already, or the host failed; then no file is left.</exception>
    public static VhdxDisk CreateDifferencing(string path, string parentPath, VhdxCreateOptions options)
    {
        ParentCache parents = options.Parents ?? new ParentCache();
        ParentCache? own = options.Parents is null ? parents : null;
        ParentCache.Lease? lease = null;
        try
        {
            var opener = new ChainOpener(options.Files, parents, options.AllowedParentFolders);
            lease = opener.OpenParent(parentPath);
            VhdxFile parent = lease.Chain.File;
            if (parent.Depth >= VhdxLimits.MaxChainDepth)
            {
                throw new DiskFormatException(
                    DiskFormatDefect.ParentLoop,
                    ParentLocator.Structure,
                    -1,
                    $"the chain below the parent has {parent.Depth} files, and {VhdxLimits.MaxChainDepth} is the most.",
                    parent.Path);
            }

            string full = ChainOpener.FullPath(path);
            string? windowsPath = options.ParentWindowsPath ?? (ParentPlaces.IsWindowsAbsolute(parent.Path) ? parent.Path : null);
            var metadata = new VhdxMetadata
            {
                BlockSize = VhdxLimits.ChildBlockSize,
                LeaveBlocksAllocated = false,
                VirtualLength = parent.VirtualLength,
                VirtualDiskId = options.NewGuid(),
                LogicalSectorSize = parent.Metadata.LogicalSectorSize,
                PhysicalSectorSize = parent.Metadata.PhysicalSectorSize,
                Parent = ParentLocator.Create(
                    parent.DataWriteGuid, ChainOpener.Places([]).RelativeFrom(full, parent.Path), windowsPath),
            };
            return Create(full, metadata, options, lease, own);
        }
        catch
        {
            lease?.Dispose();
            own?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Makes a dynamic disk that holds what another one and its parents do, and depends on none of them: for hypervisors without
    /// differencing disks. What is zero takes no room; where the file system can, the bytes are shared with the other file and not copied.
    /// Under construction until <see cref="Complete"/>.
    /// </summary>
    /// <param name="path">The new file's path.</param>
    /// <param name="sourcePath">The disk to copy; it is only read.</param>
    /// <param name="options">How; block size and sector size are not looked at.</param>
    /// <param name="cancellation">Ends the copying; then no file is left.</param>
    /// <returns>The disk, open for writing.</returns>
    /// <exception cref="DiskFormatException">The source, or one of its parents, cannot be used: as <see cref="Open"/>.</exception>
    /// <exception cref="HostFileException">The file exists already, or the host failed; then no file is left.</exception>
    public static VhdxDisk CreateCopy(string path, string sourcePath, VhdxCreateOptions options, CancellationToken cancellation)
    {
        using ParentCache? own = options.Parents is null ? new ParentCache() : null;
        var opener = new ChainOpener(options.Files, own ?? options.Parents!, options.AllowedParentFolders);
        using ParentCache.Lease lease = opener.OpenParent(sourcePath);
        VhdxFile source = lease.Chain.File;
        var metadata = new VhdxMetadata
        {
            BlockSize = VhdxLimits.ChildBlockSize,
            LeaveBlocksAllocated = false,
            VirtualLength = source.VirtualLength,
            VirtualDiskId = options.NewGuid(),
            LogicalSectorSize = source.Metadata.LogicalSectorSize,
            PhysicalSectorSize = source.Metadata.PhysicalSectorSize,
            Parent = null,
        };
        string full = ChainOpener.FullPath(path);
        VhdxDisk disk = Create(full, metadata, options, null, null);
        try
        {
            disk.File.CopyFrom(source, cancellation);
            return disk;
        }
        catch
        {
            disk.Dispose();
            disk._newFilesFolder!.Delete(Path.GetFileName(full));
            throw;
        }
    }

    /// <summary>Makes a dynamic disk, all zero, under construction until <see cref="Complete"/>.</summary>
    /// <param name="path">The new file's path.</param>
    /// <param name="length">The virtual size, in bytes: whole sectors, at most 64 TiB.</param>
    /// <param name="options">How.</param>
    /// <returns>The disk, open for writing.</returns>
    /// <exception cref="HostFileException">The file exists already, or the host failed; then no file is left.</exception>
    /// <exception cref="ArgumentException">The length, the block size or the sector size cannot be.</exception>
    public static VhdxDisk CreateDynamic(string path, long length, VhdxCreateOptions options) =>
        Create(ChainOpener.FullPath(path), MetadataOf(length, options, isFixed: false), options, null, null);

    /// <summary>Makes a fixed disk, all zero, under construction until <see cref="Complete"/>: every block has its place from the start.</summary>
    /// <param name="path">The new file's path.</param>
    /// <param name="length">The virtual size, in bytes: whole sectors, at most 64 TiB.</param>
    /// <param name="options">How.</param>
    /// <returns>The disk, open for writing.</returns>
    /// <exception cref="HostFileException">The file exists already, or the host failed; then no file is left.</exception>
    /// <exception cref="ArgumentException">The length, the block size or the sector size cannot be.</exception>
    public static VhdxDisk CreateFixed(string path, long length, VhdxCreateOptions options) =>
        Create(ChainOpener.FullPath(path), MetadataOf(length, options, isFixed: true), options, null, null);

    private static VhdxMetadata MetadataOf(long length, VhdxCreateOptions options, bool isFixed)
    {
        if (options.LogicalSectorSize is not (512 or 4096))
        {
            throw new ArgumentException($"The sector size {options.LogicalSectorSize} is neither 512 nor 4096.", nameof(options));
        }

        if (length is <= 0 or > VhdxLimits.MaxVirtualLength || length % options.LogicalSectorSize != 0)
        {
            throw new ArgumentException($"The length {length} is not whole sectors up to 64 TiB.", nameof(length));
        }

        if (options.BlockSize is < VhdxLimits.MinBlockSize or > VhdxLimits.MaxBlockSize || (options.BlockSize & (options.BlockSize - 1)) != 0)
        {
            throw new ArgumentException($"The block size {options.BlockSize} is not a power of two from 1 MiB to 256 MiB.", nameof(options));
        }

        return new VhdxMetadata
        {
            BlockSize = options.BlockSize,
            LeaveBlocksAllocated = isFixed,
            VirtualLength = length,
            VirtualDiskId = options.NewGuid(),
            LogicalSectorSize = options.LogicalSectorSize,
            PhysicalSectorSize = DefaultPhysicalSectorSize,
            Parent = null,
        };
    }

    private static VhdxDisk Create(
        string full, VhdxMetadata metadata, VhdxCreateOptions options, ParentCache.Lease? parent, ParentCache? ownParents)
    {
        IHostFolder folder = options.Files.OpenFolder(Path.GetDirectoryName(full) ?? full);
        string name = Path.GetFileName(full);
        IBlockFile host = folder.Create(name);
        try
        {
            return new VhdxDisk(new VhdxChain(VhdxFile.Create(full, host, metadata, options.NewGuid), parent), ownParents, folder);
        }
        catch
        {
            host.Dispose();
            folder.Delete(name);
            throw;
        }
    }
}
