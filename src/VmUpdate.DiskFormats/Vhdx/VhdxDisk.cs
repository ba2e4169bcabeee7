using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx.Parents;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>A virtual disk: a VHDX file and, when it is differencing, the chain of its parents.</summary>
/// <remarks>
/// Reads may run side by side; a write runs alone. A disk that was opened for writing survives a crash at any point with all that was
/// flushed; one under construction (made here and not <see cref="Complete"/> yet) does not, and is deleted and made anew.
/// </remarks>
public sealed partial class VhdxDisk : IDisk
{
    private const string Structure = "virtual disk";
    private readonly VhdxChain _chain;
    private readonly ParentCache? _ownParents;
    private readonly IHostFolder? _newFilesFolder;
    private readonly ParentCache.Lease? _shared;

    private VhdxDisk(VhdxChain chain, ParentCache? ownParents, IHostFolder? newFilesFolder, ParentCache.Lease? shared = null)
    {
        _shared = shared;
        _chain = chain;
        _ownParents = ownParents;
        _newFilesFolder = newFilesFolder;
        Chain = chain.Files.Select(file => file.Info).ToArray();
    }

    /// <inheritdoc/>
    public long Length => File.VirtualLength;

    /// <inheritdoc/>
    public bool CanWrite => File.CanWrite;

    /// <inheritdoc/>
    public int LogicalSectorSize => File.Metadata.LogicalSectorSize;

    /// <summary>The files of the chain as they were when it was opened, the leaf first.</summary>
    public IReadOnlyList<VhdxFileInfo> Chain { get; }

    /// <summary>Changes before the first write to the disk; the children of a disk name it by this.</summary>
    public Guid DataWriteGuid => File.DataWriteGuid;

    private VhdxFile File => _chain.File;

    /// <summary>Opens a disk with all its parents. Nothing of it is changed before all of them are found and good.</summary>
    /// <param name="path">The leaf's path.</param>
    /// <param name="options">How.</param>
    /// <returns>The disk.</returns>
    /// <exception cref="DiskFormatException">
    /// The file or a parent is not a VHDX, is damaged, or asks for what is not supported; a parent was not found, is not the one the
    /// child was made from (<see cref="DiskFormatDefect.ParentMismatch"/>), or lies where it may not.
    /// </exception>
    /// <exception cref="HostFileException">A file is absent, refused, or held by another program, QEMU among them.</exception>
    /// <exception cref="ArgumentException">It is to be writable, and <see cref="VhdxOpenOptions.NewGuid"/> is missing.</exception>
    public static VhdxDisk Open(string path, VhdxOpenOptions options)
    {
        if (options.Writable && options.NewGuid is null)
        {
            throw new ArgumentException("A writable open needs a source of new ids.", nameof(options));
        }

        if (options.IsSharedParent && (options.Writable || options.Parents is null))
        {
            throw new ArgumentException("Only a disk that is opened for reading, with a cache of parents, can be one of them.", nameof(options));
        }

        ParentCache parents = options.Parents ?? new ParentCache();
        ParentCache? own = options.Parents is null ? parents : null;
        try
        {
            var opener = new ChainOpener(options.Files, parents, options.AllowedParentFolders);
            if (options.IsSharedParent)
            {
                ParentCache.Lease lease = opener.OpenParent(path);
                return new VhdxDisk(lease.Chain, null, null, lease);
            }

            return new VhdxDisk(opener.OpenLeaf(path, options.Writable ? options.NewGuid : null, options.ParentPaths), own, null);
        }
        catch
        {
            own?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Makes what was written since creation durable: the end of construction. Before, everybody refuses the file; after, it is a
    /// valid disk. Nothing happens on a disk that was opened.
    /// </summary>
    /// <exception cref="HostFileException">The host failed; the file is to be deleted.</exception>
    public void Complete()
    {
        if (_newFilesFolder is null)
        {
            return;
        }

        File.Complete();
        _newFilesFolder.Flush();
    }

    /// <inheritdoc/>
    public void ReadAt(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset > Length - buffer.Length)
        {
            throw new DiskFormatException(
                DiskFormatDefect.Truncated, Structure, offset, $"{buffer.Length} bytes are wanted, and the disk has {Length}.", File.Path);
        }

        File.Read(offset, buffer);
    }

    /// <inheritdoc/>
    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        if (!CanWrite)
        {
            throw new HostFileException(HostFileFailure.AccessDenied, File.Path, "the disk was opened for reading only.");
        }

        if (offset < 0 || offset > Length - buffer.Length)
        {
            throw new DiskFormatException(
                DiskFormatDefect.OutOfBounds, Structure, offset, $"{buffer.Length} bytes are to be written, and the disk has {Length}.", File.Path);
        }

        File.Write(offset, buffer);
    }

    /// <inheritdoc/>
    /// <remarks>On a disk under construction nothing happens.</remarks>
    public void Flush() => File.Flush();

    /// <summary>Closes the disk; one that was opened for writing is flushed and its log emptied.</summary>
    /// <exception cref="HostFileException">The host failed while doing so. What was flushed before is safe: the next open replays the log.</exception>
    public void Dispose()
    {
        try
        {
            if (_shared is not null)
            {
                _shared.Dispose();
            }
            else
            {
                _chain.Dispose();
            }
        }
        finally
        {
            _ownParents?.Dispose();
        }
    }
}
