using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Simulation.Files;

/// <summary>A folder of a <see cref="CrashFileSystem"/>.</summary>
internal sealed class CrashFolder : IHostFolder
{
    private readonly CrashFileSystem _files;
    private readonly Dictionary<string, CrashInode> _entries;
    private Dictionary<string, CrashInode> _durable;

    internal CrashFolder(CrashFileSystem files, string path, Dictionary<string, CrashInode> entries)
    {
        _files = files;
        Path = path;
        _durable = entries;
        _entries = new Dictionary<string, CrashInode>(entries, StringComparer.Ordinal);
    }

    public string Path { get; }

    public long FreeBytes => _files.FreeBytes;

    internal List<PendingChange> Pending { get; } = [];

    internal IEnumerable<CrashInode> AllInodes => _entries.Values.Concat(_durable.Values);

    public IBlockFile Create(string name)
    {
        CrashFile file;
        lock (_files.Lock)
        {
            if (_entries.ContainsKey(name))
            {
                throw new HostFileException(HostFileFailure.AlreadyExists, PathOf(name), "a file of that name exists.");
            }

            CrashInode inode = _files.NewInode();
            inode.HasWriter = true;
            Change($"create {name}", entries => entries[name] = inode);
            file = new CrashFile(_files, PathOf(name), inode, canWrite: true);
        }

        _files.AfterChange?.Invoke($"create {name}");
        return file;
    }

    public IBlockFile Open(string name, HostFileMode mode)
    {
        lock (_files.Lock)
        {
            CrashInode inode = Find(name);
            if (inode.HasWriter || (mode == HostFileMode.ReadWrite && inode.Readers > 0))
            {
                throw new HostFileException(HostFileFailure.InUse, PathOf(name), "another program has it open.");
            }

            bool writes = mode == HostFileMode.ReadWrite;
            inode.HasWriter = writes;
            inode.Readers += writes ? 0 : 1;
            return new CrashFile(_files, PathOf(name), inode, writes);
        }
    }

    public bool Exists(string name)
    {
        lock (_files.Lock)
        {
            return _entries.ContainsKey(name);
        }
    }

    public IReadOnlyList<string> Enumerate()
    {
        lock (_files.Lock)
        {
            return [.. _entries.Keys];
        }
    }

    public void Rename(string from, string to)
    {
        lock (_files.Lock)
        {
            CrashInode inode = Find(from);
            Change($"rename {from} to {to}", entries =>
            {
                // Where an earlier change was lost the name may lead to nothing, and then this has no effect either.
                if (entries.TryGetValue(from, out CrashInode? found) && ReferenceEquals(found, inode))
                {
                    entries.Remove(from);
                    entries[to] = inode;
                }
            });
        }

        _files.AfterChange?.Invoke($"rename {from} to {to}");
    }

    public void Delete(string name)
    {
        lock (_files.Lock)
        {
            if (!_entries.ContainsKey(name))
            {
                return;
            }

            Change($"delete {name}", entries => entries.Remove(name));
        }

        _files.AfterChange?.Invoke($"delete {name}");
    }

    public void Flush()
    {
        _files.BeforeFlush?.Invoke(Path);
        lock (_files.Lock)
        {
            _files.FlushCount++;
            _durable = new Dictionary<string, CrashInode>(_entries, StringComparer.Ordinal);
            Pending.Clear();
        }
    }

    internal CrashInode Find(string name) => _entries.TryGetValue(name, out CrashInode? inode)
        ? inode
        : throw new HostFileException(HostFileFailure.NotFound, PathOf(name), "there is no such file.");

    internal void AddDurable(string name, CrashInode inode)
    {
        _entries[name] = inode;
        _durable[name] = inode;
    }

    internal Dictionary<string, CrashInode> Surviving(Func<PendingChange, bool> isKept)
    {
        var entries = new Dictionary<string, CrashInode>(_durable, StringComparer.Ordinal);
        foreach (PendingChange change in Pending.Where(isKept))
        {
            change.Entries!(entries);
        }

        return entries;
    }

    private void Change(string what, Action<Dictionary<string, CrashInode>> change)
    {
        change(_entries);
        Pending.Add(new PendingChange { Inode = null, Entries = change, What = what });
    }

    private string PathOf(string name) => System.IO.Path.Combine(Path, name);
}
