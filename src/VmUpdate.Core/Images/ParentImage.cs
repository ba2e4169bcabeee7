using System.Collections.Concurrent;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <summary>
/// The disk that new disks become children of: a master, or a former disk on the way back. It is open for reading only, which keeps
/// others from writing it for as long as the run lasts.
/// </summary>
internal sealed class ParentImage : IDisposable
{
    private readonly RunContext _run;
    private readonly ConcurrentBag<GuestImage> _idle = [];
    private readonly GuestImage _first;

    private ParentImage(string path, GuestImage first, RunContext run)
    {
        Path = path;
        _first = first;
        _run = run;
        _idle.Add(first);
    }

    public string Path { get; }

    public VhdxFileInfo Info => _first.Disk.Chain[0];

    public Guid DataWriteGuid => Info.DataWriteGuid;

    /// <summary>The length of its file and those of its parents: the most that a full copy takes.</summary>
    public long FileBytes => _first.Disk.Chain.Sum(file =>
    {
        using IBlockFile host = HostPath.FolderOf(_run.Services.Files, file.Path).Open(System.IO.Path.GetFileName(file.Path), HostFileMode.Read);
        return host.Length;
    });

    public static ParentImage Open(string path, RunContext run) => new(path, GuestImage.Open(path, run), run);

    /// <summary>Does something with the Windows on it. Several threads may: each has one of its own meanwhile.</summary>
    public T Use<T>(Func<GuestDisk, T> work)
    {
        if (!_idle.TryTake(out GuestImage? image))
        {
            image = GuestImage.Open(Path, _run);
        }

        try
        {
            return work(image.Guest);
        }
        finally
        {
            _idle.Add(image);
        }
    }

    public void Dispose()
    {
        while (_idle.TryTake(out GuestImage? image))
        {
            image.Dispose();
        }
    }
}
