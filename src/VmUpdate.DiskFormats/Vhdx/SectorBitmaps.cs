using System.Collections.Concurrent;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>The bits that say which sectors of a child's blocks are its own. Pages come when asked for; changed ones wait for the log.</summary>
/// <remarks>[MS-VHDX] 2.4: bit 0 of byte 0 is the chunk's first sector; 1 is the child's, 0 the parent's.</remarks>
internal sealed class SectorBitmaps
{
    private const int BitsPerPage = VhdxLimits.PageSize * 8;

    /// <summary>64 MiB; clean pages are dropped then. They describe 256 GiB in 512-byte sectors.</summary>
    private const int MaxPagesKept = 16 * 1024;

    private readonly ConcurrentDictionary<long, byte[]> _pages = new();
    private readonly HashSet<long> _dirty = [];
    private readonly IBlockDevice _file;

    internal SectorBitmaps(IBlockDevice file) => _file = file;

    /// <summary>How many changed pages wait.</summary>
    internal int DirtyCount => _dirty.Count;

    /// <summary>How many bits from <paramref name="bit"/> on are alike, at most <paramref name="limit"/>.</summary>
    /// <param name="block">Where the sector bitmap block is in the file.</param>
    /// <param name="bit">The first bit.</param>
    /// <param name="limit">The greatest answer wanted.</param>
    /// <param name="isSet">What they are.</param>
    internal int RunLength(long block, long bit, int limit, out bool isSet)
    {
        byte[] page = Page(block, bit);
        int within = (int)(bit % BitsPerPage);
        isSet = Test(page, within);
        byte full = isSet ? (byte)0xFF : (byte)0;
        int length = 0;
        while (length < limit)
        {
            if (within == BitsPerPage)
            {
                page = Page(block, bit + length);
                within = 0;
            }

            if (within % 8 == 0 && page[within / 8] == full)
            {
                length += 8;
                within += 8;
            }
            else if (Test(page, within) == isSet)
            {
                length++;
                within++;
            }
            else
            {
                break;
            }
        }

        return Math.Min(length, limit);
    }

    /// <summary>Sets or clears bits in memory.</summary>
    internal void Fill(long block, long bit, int count, bool value)
    {
        while (count > 0)
        {
            byte[] page = Page(block, bit);
            int within = (int)(bit % BitsPerPage);
            int here = Math.Min(count, BitsPerPage - within);
            if (FillPage(page, within, here, value))
            {
                _dirty.Add(PageOffset(block, bit));
            }

            bit += here;
            count -= here;
        }
    }

    /// <summary>Adds the changed pages, by their place in the file.</summary>
    internal void CollectDirty(ICollection<KeyValuePair<long, byte[]>> pages)
    {
        foreach (long offset in _dirty)
        {
            pages.Add(new KeyValuePair<long, byte[]>(offset, (byte[])_pages[offset].Clone()));
        }
    }

    internal void ClearDirty() => _dirty.Clear();

    private static bool Test(byte[] page, int bit) => (page[bit / 8] & (1 << (bit % 8))) != 0;

    private static bool FillPage(byte[] page, int bit, int count, bool value)
    {
        bool changed = false;
        int end = bit + count;
        while (bit < end)
        {
            int first = bit % 8;
            int here = Math.Min(8 - first, end - bit);
            int mask = ((1 << here) - 1) << first;
            byte before = page[bit / 8];
            byte after = (byte)((value ? before | mask : before & ~mask) & 0xFF);
            page[bit / 8] = after;
            changed |= after != before;
            bit += here;
        }

        return changed;
    }

    private static long PageOffset(long block, long bit) => block + (bit / BitsPerPage * VhdxLimits.PageSize);

    private byte[] Page(long block, long bit)
    {
        long offset = PageOffset(block, bit);
        if (_pages.TryGetValue(offset, out byte[]? page))
        {
            return page;
        }

        // Only an immutable file is dropped from: of one that is being written, a page may be changed while another is loaded.
        if (!_file.CanWrite && _pages.Count >= MaxPagesKept)
        {
            _pages.Clear();
        }

        byte[] bytes = new byte[VhdxLimits.PageSize];
        _file.ReadAt(offset, bytes);
        return _pages.GetOrAdd(offset, bytes);
    }
}
