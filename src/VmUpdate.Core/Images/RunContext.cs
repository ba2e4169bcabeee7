using System.Collections.Concurrent;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <summary>What all machines of one run share: parents are opened once, and what hangs where is asked once.</summary>
internal sealed class RunContext : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<ParentImage>> _images = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);

    public RunContext(UpdaterServices services, SwapOptions options, SwapDirection direction, IReadOnlyList<AttachedDisk> attached)
    {
        Services = services;
        Options = options;
        Direction = direction;
        Attached = attached;
        Transfer = new IdentityTransfer(options.Catalogue ?? services.Catalogue);
    }

    public UpdaterServices Services { get; }

    public SwapOptions Options { get; }

    public SwapDirection Direction { get; }

    public IReadOnlyList<AttachedDisk> Attached { get; }

    public IdentityTransfer Transfer { get; }

    public ParentCache Parents { get; } = new();

    /// <summary>Opens a parent, or gives the one that is open. What it fails with, it fails with each time.</summary>
    public ParentImage OpenParent(string path) =>
        _images.GetOrAdd(Path.GetFullPath(path), full => new Lazy<ParentImage>(() => ParentImage.Open(full, this))).Value;

    /// <summary>Whether it is the first time in this run that something is to be told: what holds for a pool is not told for each machine.</summary>
    public bool IsFirst(string what) => _told.TryAdd(what, true);

    public void Dispose()
    {
        foreach (Lazy<ParentImage> image in _images.Values)
        {
            if (image.IsValueCreated)
            {
                image.Value.Dispose();
            }
        }

        Parents.Dispose();
    }
}
