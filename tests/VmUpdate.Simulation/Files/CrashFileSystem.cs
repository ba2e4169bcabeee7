using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Simulation.Files;

/// <summary>
/// Folders and files in memory that know what a loss of power would leave: what was flushed, and of the rest any part, torn at
/// 512 bytes. Names are volatile until their folder is flushed; folders themselves are durable at once.
/// </summary>
public sealed class CrashFileSystem : IHostFileSystem
{
    private readonly Dictionary<string, CrashFolder> _folders = new(StringComparer.Ordinal);
    private int _lastInode;

    /// <summary>Called before each flush of a file or folder, with its path: the moment when most can be lost.</summary>
    public Action<string>? BeforeFlush { get; set; }

    /// <summary>Called after each change of a file or folder, with what it was.</summary>
    public Action<string>? AfterChange { get; set; }

    /// <summary>How much room there is, in bytes.</summary>
    public long FreeBytes { get; set; } = 1L << 40;

    /// <summary>How many flushes of files and folders there were.</summary>
    public int FlushCount { get; internal set; }

    internal object Lock { get; } = new();

    public IHostFolder OpenFolder(string path)
    {
        lock (Lock)
        {
            string full = Path.GetFullPath(path);
            return _folders.TryGetValue(full, out CrashFolder? folder)
                ? folder
                : throw new HostFileException(HostFileFailure.NotFound, full, "there is no such folder.");
        }
    }

    public IHostFolder CreateFolder(string path, bool ownerOnly)
    {
        lock (Lock)
        {
            string full = Path.GetFullPath(path);
            for (string? above = full; above is not null; above = Path.GetDirectoryName(above))
            {
                if (!_folders.ContainsKey(above))
                {
                    _folders.Add(above, new CrashFolder(this, above, []));
                }
            }

            return _folders[full];
        }
    }

    /// <summary>Puts a file there, durable, without any of the calls that are watched.</summary>
    public void Add(string path, ReadOnlySpan<byte> bytes)
    {
        lock (Lock)
        {
            var content = new SparseBytes();
            content.Write(0, bytes);
            string full = Path.GetFullPath(path);
            ((CrashFolder)CreateFolder(Path.GetDirectoryName(full)!, false)).AddDurable(Path.GetFileName(full), new CrashInode(content, ++_lastInode));
        }
    }

    /// <summary>The content of a file as the running programs see it.</summary>
    public byte[] ReadAll(string path)
    {
        lock (Lock)
        {
            SparseBytes content = Inode(path).Current;
            byte[] bytes = new byte[content.Length];
            content.Read(0, bytes);
            return bytes;
        }
    }

    /// <summary>How many bytes a file takes on a file system with holes.</summary>
    public long Allocated(string path)
    {
        lock (Lock)
        {
            return Inode(path).Current.Allocated;
        }
    }

    /// <summary>What the end of the process alone leaves: everything that was written.</summary>
    public CrashFileSystem AfterKill() => Image((_, _) => Fate.Kept, 0);

    /// <summary>
    /// What a loss of power now may leave: all that is not flushed lost, all kept, each single change lost, and seeded choices of
    /// kept, lost and torn.
    /// </summary>
    /// <param name="seed">Where the choices start.</param>
    /// <param name="choices">How many choices.</param>
    public IEnumerable<CrashImage> AfterPowerLoss(int seed, int choices = 16)
    {
        int count;
        string[] names;
        lock (Lock)
        {
            names = [.. Pending().Select(change => change.What)];
            count = names.Length;
        }

        yield return new CrashImage("all unflushed changes lost", Image((_, _) => Fate.Lost, 0));
        if (count == 0)
        {
            yield break;
        }

        yield return new CrashImage("all unflushed changes kept", Image((_, _) => Fate.Kept, 0));
        for (int lost = 0; lost < count; lost++)
        {
            yield return new CrashImage($"only '{names[lost]}' lost", Image((index, _) => index == lost ? Fate.Lost : Fate.Kept, 0));
        }

        for (int choice = 0; choice < choices; choice++)
        {
            var random = new Random(unchecked((seed * 1009) + choice));
            CrashFileSystem image = Image((_, canTear) => (Fate)random.Next(canTear ? 3 : 2), unchecked((seed * 7919) + choice));
            yield return new CrashImage($"seed {seed}, choice {choice}", image);
        }
    }

    internal CrashInode NewInode() => new(new SparseBytes(), ++_lastInode);

    private IEnumerable<PendingChange> Pending()
    {
        foreach (CrashFolder folder in _folders.Values)
        {
            foreach (PendingChange change in folder.Pending)
            {
                yield return change;
            }
        }

        foreach (CrashInode inode in Inodes())
        {
            foreach (PendingChange change in inode.Pending)
            {
                yield return change;
            }
        }
    }

    private CrashInode[] Inodes() => [.. _folders.Values.SelectMany(folder => folder.AllInodes).Distinct()];

    private CrashInode Inode(string path)
    {
        string full = Path.GetFullPath(path);
        return ((CrashFolder)OpenFolder(Path.GetDirectoryName(full)!)).Find(Path.GetFileName(full));
    }

    private CrashFileSystem Image(Func<int, bool, Fate> choose, int tearSeed)
    {
        lock (Lock)
        {
            var random = new Random(tearSeed);
            var fates = new Dictionary<PendingChange, Fate>();
            int index = 0;
            foreach (PendingChange change in Pending())
            {
                fates[change] = choose(index++, change.CanTear);
            }

            var image = new CrashFileSystem { FreeBytes = FreeBytes, _lastInode = _lastInode };
            var copies = new Dictionary<CrashInode, CrashInode>();
            foreach (CrashInode inode in Inodes())
            {
                SparseBytes content = inode.Durable.Copy();
                foreach (PendingChange change in inode.Pending)
                {
                    if (fates[change] == Fate.Kept)
                    {
                        change.Apply(content);
                    }
                    else if (fates[change] == Fate.Torn)
                    {
                        change.ApplyTorn(content, random);
                    }
                }

                copies[inode] = new CrashInode(content, inode.Number);
            }

            foreach (CrashFolder folder in _folders.Values)
            {
                Dictionary<string, CrashInode> entries = folder.Surviving(change => fates[change] == Fate.Kept);
                image._folders[folder.Path] = new CrashFolder(image, folder.Path, entries.ToDictionary(pair => pair.Key, pair => copies[pair.Value]));
            }

            return image;
        }
    }

    private enum Fate
    {
        Kept,
        Lost,
        Torn,
    }
}
