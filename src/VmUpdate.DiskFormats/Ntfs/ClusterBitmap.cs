using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>
/// $Bitmap: which clusters are in use. Read page by page where a search leads; changes are held back until they are written.
/// </summary>
internal sealed class ClusterBitmap(NtfsVolume volume)
{
    // 32 KiB of bits are 262,144 clusters: 1 GiB of volume at 4 KiB each.
    private const int PageBytes = 32 * 1024;
    private const int PageBits = PageBytes * 8;
    private const int CachedPages = 256;
    private readonly Dictionary<long, Page> _pages = [];
    private long _cursor;
    private long _longestKnown = long.MaxValue;
    private long? _free;

    private NtfsAttribute Data
    {
        get
        {
            NtfsAttribute data = volume.Files.Get(WellKnownRecord.Bitmap).Require(AttributeType.Data);
            return !data.IsResident && !data.IsCompressed && data.DataSize >= (volume.Geometry.ClusterCount + 7) / 8
                ? data
                : throw NtfsError.NotSupported(string.Empty, "a $Bitmap that is resident, or shorter than the volume, is not supported.");
        }
    }

    /// <summary>How many clusters are free.</summary>
    public long FreeClusters
    {
        get
        {
            if (_free is not { } free)
            {
                free = 0;
                for (long at = 0; at < volume.Geometry.ClusterCount; at += PageBits)
                {
                    free += CountFree(GetPage(at / PageBits), Math.Min(PageBits, volume.Geometry.ClusterCount - at));
                }

                _free = free;
            }

            return free;
        }
    }

    /// <summary>Takes clusters: where the hint says when that is free, else in one piece, else in as few as are met.</summary>
    /// <param name="count">How many.</param>
    /// <param name="hint">The cluster behind what the new ones continue; negative when there is none.</param>
    /// <returns>The runs, taken. Nothing is taken when there is no room.</returns>
    public List<Run> Allocate(long count, long hint)
    {
        List<Run> runs = [];
        long left = count;
        if (hint > 0 && hint < volume.Geometry.ClusterCount && NextFree(hint, hint + 1) == hint)
        {
            left -= Take(runs, hint, NextUsed(hint, Math.Min(hint + left, volume.Geometry.ClusterCount)) - hint);
        }

        if (left > 0 && left <= _longestKnown && FindRun(left) is var start && start >= 0)
        {
            left -= Take(runs, start, left);
            _cursor = start + (count - left);
        }

        long from = _cursor;
        bool hasWrapped = false;
        while (left > 0)
        {
            long free = NextFree(from, volume.Geometry.ClusterCount);
            if (free < 0)
            {
                if (hasWrapped)
                {
                    runs.ForEach(run => Mark(run.Lcn, run.Length, isUsed: false));
                    throw NtfsError.NoSpace($"{count} clusters of {volume.Geometry.ClusterSize} bytes are wanted, {count - left} are free.");
                }

                hasWrapped = true;
                from = 0;
                continue;
            }

            left -= Take(runs, free, NextUsed(free, Math.Min(free + left, volume.Geometry.ClusterCount)) - free);
            from = free;
            _cursor = free;
        }

        return runs;
    }

    /// <summary>The clusters in use, in order.</summary>
    public IEnumerable<(long Lcn, long Length)> UsedRuns()
    {
        long clusters = volume.Geometry.ClusterCount;
        for (long at = NextUsed(0, clusters); at < clusters;)
        {
            long free = NextFree(at, clusters) is var found && found >= 0 ? found : clusters;
            yield return (at, free - at);
            at = NextUsed(free, clusters);
        }
    }

    /// <summary>Gives clusters back.</summary>
    public void Free(IEnumerable<Run> runs)
    {
        foreach (Run run in runs)
        {
            Mark(run.Lcn, run.Length, isUsed: false);
            _longestKnown = long.MaxValue;
        }
    }

    /// <summary>Sets or clears the bits of clusters.</summary>
    public void Mark(long lcn, long length, bool isUsed)
    {
        long changed = 0;
        for (long at = lcn; at < lcn + length;)
        {
            Page page = GetPage(at / PageBits);
            int bit = (int)(at % PageBits);
            int count = (int)Math.Min(PageBits - bit, lcn + length - at);
            page.DirtyFrom = Math.Min(page.DirtyFrom, bit / 8);
            page.DirtyTo = Math.Max(page.DirtyTo, ((bit + count - 1) / 8) + 1);
            for (int i = bit; i < bit + count;)
            {
                if ((i & 7) == 0 && i + 8 <= bit + count)
                {
                    changed += isUsed ? ZerosIn(page.Bits[i / 8]) : 8 - ZerosIn(page.Bits[i / 8]);
                    page.Bits[i / 8] = isUsed ? (byte)0xFF : (byte)0;
                    i += 8;
                    continue;
                }

                int mask = 1 << (i & 7);
                changed += (page.Bits[i / 8] & mask) != 0 == isUsed ? 0 : 1;
                page.Bits[i / 8] = (byte)(isUsed ? page.Bits[i / 8] | mask : page.Bits[i / 8] & ~mask & 0xFF);
                i++;
            }

            at += count;
        }

        _free += isUsed ? -changed : changed;
    }

    /// <summary>Writes the changed bits.</summary>
    public void WriteBack()
    {
        NtfsAttribute data = Data;
        int sector = volume.Geometry.SectorSize;
        foreach (KeyValuePair<long, Page> pair in _pages.OrderBy(p => p.Key))
        {
            Page page = pair.Value;
            if (page.DirtyTo == 0)
            {
                continue;
            }

            // Whole sectors of the page, so that nothing has to be read to be written. The stream's last cluster is long enough.
            int from = page.DirtyFrom / sector * sector;
            long end = Math.Min((page.DirtyTo + sector - 1L) / sector * sector, data.AllocatedSize - (pair.Key * PageBytes));
            AttributeIo.WriteClusters(volume, data, (pair.Key * PageBytes) + from, page.Bits.AsSpan(from, (int)end - from));
            page.DirtyFrom = int.MaxValue;
            page.DirtyTo = 0;
        }
    }

    private static int ZerosIn(byte bits)
    {
        int ones = bits - ((bits >> 1) & 0x55);
        ones = (ones & 0x33) + ((ones >> 2) & 0x33);
        return 8 - ((ones + (ones >> 4)) & 0xF);
    }

    private static long CountFree(Page page, long bits)
    {
        long free = 0;
        for (int i = 0; i < bits / 8; i++)
        {
            free += ZerosIn(page.Bits[i]);
        }

        for (long bit = bits & ~7L; bit < bits; bit++)
        {
            free += (page.Bits[bit / 8] >> (int)(bit & 7)) & 1 ^ 1;
        }

        return free;
    }

    private long Take(List<Run> runs, long lcn, long length)
    {
        Mark(lcn, length, isUsed: true);
        runs.Add(new Run(0, lcn, length));
        return length;
    }

    private long FindRun(long count)
    {
        long clusters = volume.Geometry.ClusterCount;
        long longest = 0;
        long start = Math.Min(_cursor, clusters);
        foreach ((long from, long to) in new[] { (start, clusters), (0L, clusters) })
        {
            for (long at = from; at < to;)
            {
                long free = NextFree(at, to);
                if (free < 0)
                {
                    break;
                }

                long used = NextUsed(free, Math.Min(free + count, clusters));
                if (used - free >= count)
                {
                    return free;
                }

                longest = Math.Max(longest, used - free);
                at = used + 1;
            }
        }

        _longestKnown = longest;
        return -1;
    }

    private long NextFree(long from, long limit) => Next(from, limit, 0xFF) is var found && found < limit ? found : -1;

    private long NextUsed(long from, long limit) => Next(from, limit, 0);

    // The first cluster from a place on whose bit differs from the bytes that are skipped whole; the limit when there is none.
    private long Next(long from, long limit, byte skipped)
    {
        long at = from;
        ulong skippedWord = skipped == 0 ? 0 : ulong.MaxValue;
        while (at < limit)
        {
            Page page = GetPage(at / PageBits);
            int bit = (int)(at % PageBits);
            if ((bit & 63) == 0 && BinaryPrimitives.ReadUInt64LittleEndian(page.Bits.AsSpan(bit / 8)) == skippedWord)
            {
                at += 64;
            }
            else if ((bit & 7) == 0 && page.Bits[bit / 8] == skipped)
            {
                at += 8;
            }
            else if (((page.Bits[bit / 8] >> (bit & 7)) & 1) == (skipped & 1))
            {
                at++;
            }
            else
            {
                return at;
            }
        }

        return limit;
    }

    private Page GetPage(long number)
    {
        if (_pages.TryGetValue(number, out Page? page))
        {
            return page;
        }

        if (_pages.Count >= CachedPages)
        {
            foreach (long clean in _pages.Where(p => p.Value.DirtyTo == 0).Select(p => p.Key).ToArray())
            {
                _pages.Remove(clean);
            }
        }

        page = new Page();
        NtfsAttribute data = Data;
        int count = (int)Math.Min(PageBytes, data.DataSize - (number * PageBytes));
        AttributeIo.ReadPlain(volume, data, number * PageBytes, page.Bits.AsSpan(0, count));
        _pages.Add(number, page);
        return page;
    }

    private sealed class Page
    {
        public byte[] Bits { get; } = new byte[PageBytes];

        public int DirtyFrom { get; set; } = int.MaxValue;

        public int DirtyTo { get; set; }
    }
}
