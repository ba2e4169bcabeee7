using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx.Parents;

/// <summary>Pages of files that do not change, shared by all who read them. Bounded: the few places that a page may have depend on its file and number.</summary>
internal sealed class PageCache
{
    private const int PageSize = 4096;

    /// <summary>Longer reads go to the host directly: they would push out what small ones need.</summary>
    private const int MaxCachedRead = 4 * PageSize;

    // A page may lie in any slot of its set. With one slot each, a few pages of a small working set would push each other out for ever.
    private const int Ways = 4;

    private readonly Page?[] _slots;
    private int _lastFile;

    /// <summary>Makes a cache.</summary>
    /// <param name="capacity">The most bytes that it keeps.</param>
    internal PageCache(long capacity) => _slots = new Page?[(int)Math.Max(1, capacity / PageSize)];

    /// <summary>How many bytes it keeps now.</summary>
    internal long HeldBytes
    {
        get
        {
            long held = 0;
            for (int i = 0; i < _slots.Length; i++)
            {
                held += Volatile.Read(ref _slots[i])?.Bytes.Length ?? 0;
            }

            return held;
        }
    }

    /// <summary>The same file, its small reads served from the cache.</summary>
    internal IBlockDevice Wrap(IBlockDevice file) => new CachedFile(this, file, Interlocked.Increment(ref _lastFile));

    private Page Fetch(IBlockDevice device, int file, long number)
    {
        // Readers never wait for each other: a slot holds a whole, unchanging page or none, and the last one to write it wins.
        uint hash = unchecked((((uint)file * 0x9E3779B1) ^ (uint)number) * 0x85EBCA6B);
        hash ^= hash >> 15;
        int ways = Math.Min(Ways, _slots.Length);
        Span<Page?> set = _slots.AsSpan((int)(hash % (uint)(_slots.Length / ways)) * ways, ways);
        int empty = -1;
        for (int way = 0; way < set.Length; way++)
        {
            Page? found = Volatile.Read(ref set[way]);
            if (found is not null && found.File == file && found.Number == number)
            {
                return found;
            }

            empty = found is null && empty < 0 ? way : empty;
        }

        byte[] bytes = new byte[(int)Math.Min(PageSize, device.Length - (number * PageSize))];
        device.ReadAt(number * PageSize, bytes);
        var page = new Page(file, number, bytes);
        Volatile.Write(ref set[empty >= 0 ? empty : (int)(number % ways)], page);
        return page;
    }

    private sealed record Page(int File, long Number, byte[] Bytes);

    private sealed class CachedFile(PageCache cache, IBlockDevice file, int id) : IBlockDevice
    {
        public long Length => file.Length;

        public bool CanWrite => false;

        public void ReadAt(long offset, Span<byte> buffer)
        {
            if (buffer.Length > MaxCachedRead || offset < 0 || offset > Length - buffer.Length)
            {
                file.ReadAt(offset, buffer);
                return;
            }

            while (buffer.Length > 0)
            {
                int within = (int)(offset % PageSize);
                int count = Math.Min(buffer.Length, PageSize - within);
                cache.Fetch(file, id, offset / PageSize).Bytes.AsSpan(within, count).CopyTo(buffer);
                offset += count;
                buffer = buffer.Slice(count);
            }
        }

        public void WriteAt(long offset, ReadOnlySpan<byte> buffer) => throw new InvalidOperationException("A parent is only read.");

        public void Flush()
        {
        }

        public void Dispose() => file.Dispose();
    }
}
