using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx.Parents;

/// <summary>Opens a file and the chain of its parents, each of them only once it is known to be the one its child was made from.</summary>
/// <param name="files">Where host files come from.</param>
/// <param name="parents">The parents that are open already.</param>
/// <param name="allowedFolders">Folders of other computers or devices from which a parent may come.</param>
internal sealed class ChainOpener(IHostFileSystem files, ParentCache parents, IReadOnlyList<string> allowedFolders)
{
    private const string Structure = ParentLocator.Structure;
    private static readonly bool OnWindows = Path.DirectorySeparatorChar == '\\';
    private static readonly StringComparison PathComparison = OnWindows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>The rules for this host's paths.</summary>
    internal static ParentPlaces Places(IReadOnlyList<string> allowedFolders) => new(OnWindows, allowedFolders);

    /// <summary>A full path without detours, so that one file has one name here.</summary>
    internal static string FullPath(string path)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException or PathTooLongException)
        {
            throw new HostFileException(HostFileFailure.NotFound, path, "this is not a path of this host.", failure);
        }
    }

    /// <summary>Opens a leaf with all its parents.</summary>
    /// <param name="path">The leaf's path.</param>
    /// <param name="newGuid">Ids when it is opened for writing; <see langword="null"/> for reading.</param>
    /// <param name="named">Parents by name, the leaf's own first.</param>
    internal VhdxChain OpenLeaf(string path, Func<Guid>? newGuid, IReadOnlyList<string> named)
    {
        string full = FullPath(path);
        IBlockFile host = OpenHost(full, newGuid is null ? HostFileMode.Read : HostFileMode.ReadWrite);
        ParentCache.Lease? parent = null;
        try
        {
            VhdxFile file = VhdxFile.Open(full, host, newGuid is null ? null : host, newGuid);
            parent = FindParent(file, named, [new Visit(full, IdentityOf(host))]);
            if (newGuid is not null && !file.CanWrite)
            {
                // Only now that the whole chain is good is the first byte of the leaf changed.
                file = file.WriteLogBack(host, newGuid);
            }

            return new VhdxChain(file, parent);
        }
        catch
        {
            parent?.Dispose();
            host.Dispose();
            throw;
        }
    }

    /// <summary>Opens what is to be the parent of a new child.</summary>
    internal ParentCache.Lease OpenParent(string path) => Acquire(FullPath(path), [], [], null);

    private static string? IdentityOf(IBlockDevice file) => (file as IIdentifiedFile)?.Identity;

    private ParentCache.Lease? FindParent(VhdxFile child, IReadOnlyList<string> named, List<Visit> visited)
    {
        if (child.Metadata.Parent is not { } locator)
        {
            return null;
        }

        var refused = new List<string>();
        DiskFormatDefect defect = DiskFormatDefect.ParentNotFound;
        HostFileException? heldBack = null;
        string? name = named.Count > 0 ? FullPath(named[0]) : null;
        foreach (ParentCandidate candidate in Places(allowedFolders).Candidates(child.Path, locator, name))
        {
            string reason;
            if (candidate.Refusal is not null)
            {
                reason = candidate.Refusal;
                defect = candidate.IsForeign && defect == DiskFormatDefect.ParentNotFound ? DiskFormatDefect.ParentNotAllowed : defect;
            }
            else
            {
                try
                {
                    return Acquire(FullPath(candidate.Path), named.Skip(1).ToArray(), visited, child);
                }
                catch (NotTheParentException failure)
                {
                    reason = failure.Message;
                    defect = DiskFormatDefect.ParentMismatch;
                }
                catch (HostFileException failure)
                {
                    reason = failure.Message;
                    heldBack ??= failure.Failure == HostFileFailure.NotFound ? null : failure;
                }
            }

            refused.Add($"{candidate.Source} '{candidate.Path}': {reason.TrimEnd('.')}");
        }

        if (heldBack is not null)
        {
            throw heldBack;
        }

        string tried = refused.Count == 0 ? "it names no path, and the caller named none" : string.Join("; ", refused);
        throw new DiskFormatException(
            defect, Structure, -1, $"the parent {locator.LinkageText} was not found. Tried: {tried}.", child.Path);
    }

    private ParentCache.Lease Acquire(string path, IReadOnlyList<string> named, List<Visit> visited, VhdxFile? child)
    {
        if (visited.Any(visit => string.Equals(visit.Path, path, PathComparison)))
        {
            throw Loop(child, $"the chain leads back to '{path}'");
        }

        ParentCache.Lease lease = parents.Acquire(files, path, pages => Open(path, named, visited, child, pages));
        try
        {
            VhdxFile parent = lease.Chain.File;
            if (child is not null)
            {
                RequireLinkage(child, parent.DataWriteGuid);
                RequireGeometry(child, parent);
            }

            if (visited.Count + parent.Depth > VhdxLimits.MaxChainDepth)
            {
                throw Loop(child, $"the chain has more than {VhdxLimits.MaxChainDepth} files");
            }

            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    private VhdxChain Open(string path, IReadOnlyList<string> named, List<Visit> visited, VhdxFile? child, PageCache pages)
    {
        if (visited.Count >= VhdxLimits.MaxChainDepth)
        {
            throw Loop(child, $"the chain has more than {VhdxLimits.MaxChainDepth} files");
        }

        IBlockFile host = OpenHost(path, HostFileMode.Read);
        ParentCache.Lease? parent = null;
        try
        {
            string? identity = IdentityOf(host);
            if (identity is not null && visited.Any(visit => visit.Identity == identity))
            {
                throw Loop(child, $"the chain leads back to '{path}' by another name");
            }

            VhdxFile file = OpenAsParent(path, pages.Wrap(host), child);
            parent = FindParent(file, named, [.. visited, new Visit(path, identity)]);
            return new VhdxChain(file, parent);
        }
        catch
        {
            parent?.Dispose();
            host.Dispose();
            throw;
        }
    }

    private static VhdxFile OpenAsParent(string path, IBlockDevice host, VhdxFile? child)
    {
        bool isTheParent = child is null;
        try
        {
            return VhdxFile.Open(path, host, null, null, header =>
            {
                if (child is not null)
                {
                    RequireLinkage(child, header.DataWriteGuid);
                }

                isTheParent = true;
            });
        }
        catch (DiskFormatException failure) when (!isTheParent)
        {
            // It is not even a VHDX: another candidate may be the parent. A defect behind the matching header is the parent's own.
            throw new NotTheParentException(failure.Detail, failure);
        }
    }

    private static void RequireLinkage(VhdxFile child, Guid dataWriteGuid)
    {
        if (child.Metadata.Parent is { } locator && !locator.Names(dataWriteGuid))
        {
            throw new NotTheParentException(
                $"its DataWriteGuid is {dataWriteGuid:B}, and the child was made from {locator.LinkageText}: it is another disk, or was written to since");
        }
    }

    private static void RequireGeometry(VhdxFile child, VhdxFile parent)
    {
        if (child.Metadata.LogicalSectorSize != parent.Metadata.LogicalSectorSize || child.VirtualLength != parent.VirtualLength)
        {
            throw new DiskFormatException(
                DiskFormatDefect.ParentMismatch,
                Structure,
                -1,
                $"the child has {child.VirtualLength} bytes in sectors of {child.Metadata.LogicalSectorSize}, its parent '{parent.Path}' "
                    + $"{parent.VirtualLength} in sectors of {parent.Metadata.LogicalSectorSize}.",
                child.Path);
        }
    }

    private static DiskFormatException Loop(VhdxFile? child, string what) =>
        new(DiskFormatDefect.ParentLoop, Structure, -1, what + ".", child?.Path ?? string.Empty);

    private IBlockFile OpenHost(string path, HostFileMode mode) =>
        files.OpenFolder(Path.GetDirectoryName(path) ?? path).Open(Path.GetFileName(path), mode);

    /// <summary>A file of the chain on the way from the leaf.</summary>
    private sealed record Visit(string Path, string? Identity);

    /// <summary>A candidate is not the parent: the next one is to be tried.</summary>
    private sealed class NotTheParentException(string message, Exception? inner = null) : Exception(message, inner);
}
