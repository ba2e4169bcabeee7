using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx.Parents;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>
/// Holds each parent of an operation open once, unchanging, for all the children that share it, with one bounded memory for the parts
/// that are read often. While a parent is held no program can write to it. Any thread may use it.
/// </summary>
public sealed class ParentCache : IDisposable
{
    /// <summary>How many bytes of parents are kept in memory when nothing else is said: 32 MiB.</summary>
    public const long DefaultCapacity = 32L * 1024 * 1024;

    private readonly object _lock = new();
    private readonly Dictionary<(IHostFileSystem Files, string Path), Entry> _entries = [];
    private readonly PageCache _pages;
    private bool _isDisposed;

    /// <summary>Makes an empty cache of <see cref="DefaultCapacity"/>.</summary>
    public ParentCache()
        : this(DefaultCapacity)
    {
    }

    /// <summary>Makes an empty cache.</summary>
    /// <param name="capacity">How many bytes of parents are kept in memory at most, from 0. Only small reads use it.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is negative.</exception>
    public ParentCache(long capacity)
    {
        if (capacity < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "The cache's capacity cannot be negative.");
        }

        _pages = new PageCache(Math.Min(capacity, int.MaxValue));
    }

    /// <summary>How many different parents are open now.</summary>
    public int OpenCount
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>How many bytes of parents are in memory now.</summary>
    public long HeldBytes => _pages.HeldBytes;

    /// <summary>Closes the parents. One that a disk still reads from is closed with the last such disk.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (KeyValuePair<(IHostFileSystem Files, string Path), Entry> pair in _entries.Where(pair => pair.Value.Users == 0).ToArray())
            {
                Remove(pair.Key, pair.Value);
            }
        }
    }

    /// <summary>The parent at a path: the open one, or a newly opened one.</summary>
    /// <param name="files">Where host files come from.</param>
    /// <param name="path">The full path.</param>
    /// <param name="open">Opens it, over the host file wrapped by the cache.</param>
    /// <returns>A share in it; disposing it gives the share back.</returns>
    internal Lease Acquire(IHostFileSystem files, string path, Func<PageCache, VhdxChain> open)
    {
        (IHostFileSystem, string) key = (files, path);
        lock (_lock)
        {
            if (_isDisposed)
            {
                throw new ObjectDisposedException(nameof(ParentCache));
            }

            if (!_entries.TryGetValue(key, out Entry? entry))
            {
                entry = new Entry(open(_pages));
                _entries.Add(key, entry);
            }

            entry.Users++;
            return new Lease(this, key, entry);
        }
    }

    private void Release((IHostFileSystem Files, string Path) key, Entry entry)
    {
        lock (_lock)
        {
            entry.Users--;
            if (entry.Users == 0 && _isDisposed)
            {
                Remove(key, entry);
            }
        }
    }

    private void Remove((IHostFileSystem Files, string Path) key, Entry entry)
    {
        if (_entries.Remove(key))
        {
            entry.Chain.Dispose();
        }
    }

    /// <summary>One parent, and how many disks read from it.</summary>
    internal sealed class Entry(VhdxChain chain)
    {
        internal VhdxChain Chain { get; } = chain;

        internal int Users { get; set; }
    }

    /// <summary>A disk's share in a parent.</summary>
    internal sealed class Lease : IDisposable
    {
        private readonly (IHostFileSystem Files, string Path) _key;
        private readonly Entry _entry;
        private ParentCache? _cache;

        internal Lease(ParentCache cache, (IHostFileSystem Files, string Path) key, Entry entry)
        {
            _cache = cache;
            _key = key;
            _entry = entry;
        }

        internal VhdxChain Chain => _entry.Chain;

        /// <inheritdoc/>
        public void Dispose() => Interlocked.Exchange(ref _cache, null)?.Release(_key, _entry);
    }
}
