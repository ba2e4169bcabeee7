using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Fuzz;

/// <summary>A host with one folder of files under test.</summary>
public sealed class MemoryFolder : IHostFileSystem, IHostFolder
{
    private readonly Dictionary<string, FuzzFile> _files = [];

    public string Path => System.IO.Path.GetFullPath("/fuzz");

    public long FreeBytes => long.MaxValue;

    public FuzzFile this[string name] { get => _files[name]; set => _files[name] = value; }

    public string FullName(string name) => System.IO.Path.Combine(Path, name);

    public IHostFolder OpenFolder(string path) =>
        path.TrimEnd('/', '\\') == Path ? this : throw new HostFileException(HostFileFailure.NotFound, path, "There is no such folder.");

    public IHostFolder CreateFolder(string path, bool ownerOnly) => OpenFolder(path);

    public IBlockFile Create(string name)
    {
        var file = new FuzzFile([]);
        return _files.TryAdd(name, file) ? file : throw new HostFileException(HostFileFailure.AlreadyExists, name, "There is a file of that name.");
    }

    public IBlockFile Open(string name, HostFileMode mode) =>
        _files.TryGetValue(name, out FuzzFile? file) ? file : throw new HostFileException(HostFileFailure.NotFound, name, "There is no such file.");

    public bool Exists(string name) => _files.ContainsKey(name);

    public IReadOnlyList<string> Enumerate() => [.. _files.Keys];

    public void Rename(string from, string to)
    {
        _files[to] = _files[from];
        _files.Remove(from);
    }

    public void Delete(string name) => _files.Remove(name);

    public void Flush()
    {
    }
}
