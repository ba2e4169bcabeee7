namespace VmUpdate.DiskFormats.Vhdx.Parents;

/// <summary>A file and its share in its parent, which is a chain in turn.</summary>
internal sealed class VhdxChain : IDisposable
{
    private readonly ParentCache.Lease? _parent;

    /// <summary>Joins a file to its parent.</summary>
    /// <param name="file">The file; it is the chain's to dispose.</param>
    /// <param name="parent">The share in its parent; <see langword="null"/> when it has none.</param>
    internal VhdxChain(VhdxFile file, ParentCache.Lease? parent)
    {
        File = file;
        _parent = parent;
        file.Parent = parent?.Chain.File;
    }

    /// <summary>The file that is not the parent of another one here.</summary>
    internal VhdxFile File { get; }

    /// <summary>All files, this one first.</summary>
    internal IEnumerable<VhdxFile> Files
    {
        get
        {
            for (VhdxFile? file = File; file is not null; file = file.Parent)
            {
                yield return file;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            File.Dispose();
        }
        finally
        {
            _parent?.Dispose();
        }
    }
}
