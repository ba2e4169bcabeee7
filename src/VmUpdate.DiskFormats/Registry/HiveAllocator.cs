namespace VmUpdate.DiskFormats.Registry;

/// <summary>
/// Gives out and takes back the cells of a hive. Bins are looked at one after the other, until a free cell is found that fits, and what was
/// seen free is remembered by size. When a stretch of bins had nothing that fits, the hive grows by a bin.
/// </summary>
internal sealed class HiveAllocator(HivePages pages)
{
    // The writers that matter take no cell above 1 MiB.
    private const int MaxCellSize = 1024 * 1024;

    // Windows packs hives tightly: a search to the end would read all of a great hive to save a page.
    private const int SearchLimit = 1024 * 1024;

    private static readonly byte[] Zeros = new byte[HiveFormat.PageSize];

    private readonly FreeRuns _runs = new();
    private readonly int _grownFrom = pages.Length;
    private int _scanned;

    /// <summary>Takes a cell.</summary>
    /// <param name="contentLength">How many bytes it must hold.</param>
    /// <param name="structure">What it is for, for messages.</param>
    /// <returns>The cell's offset; its content is zero.</returns>
    /// <exception cref="DiskFormatException">It would be too great, or the hive would.</exception>
    public uint Allocate(int contentLength, string structure)
    {
        if (contentLength > MaxCellSize - 4)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded, structure, -1, $"{contentLength} bytes are wanted in one cell, and {MaxCellSize - 4} are the most.");
        }

        int size = (contentLength + 4 + 7) & ~7;
        int start;
        int runSize;
        int from = _scanned;
        while (!_runs.TryTake(size, out start, out runSize))
        {
            if (_scanned < _grownFrom && _scanned - from < SearchLimit)
            {
                ScanBin();
            }
            else
            {
                Grow(size);
            }
        }

        pages.WriteInt32(start, -size);
        Clear(start + 4, size - 4);
        if (runSize > size)
        {
            pages.WriteInt32(start + size, runSize - size);
            _runs.Add(start + size, runSize - size);
        }

        return (uint)start;
    }

    /// <summary>Gives a cell back. What it held is overwritten: a secret that was deleted must not stay in the file.</summary>
    /// <param name="cells">The hive.</param>
    /// <param name="offset">The cell, in use.</param>
    /// <param name="structure">What it held, for messages.</param>
    public void Free(HiveCells cells, uint offset, string structure)
    {
        int content = cells.Open(offset, structure, 0, out int length);
        Clear(content, length);
        int start = content - 4;
        int size = length + 4;

        // Where bins were not looked at yet, free neighbours are found when they are.
        if (start < _scanned || start >= _grownFrom)
        {
            _runs.Merge(ref start, ref size);
            _runs.Add(start, size);
        }

        pages.WriteInt32(start, size);
    }

    /// <summary>Overwrites what all free cells hold: deleted keys and values of former writers, who leave them as they were.</summary>
    public void WipeFree()
    {
        for (int bin = 0; bin < pages.Length;)
        {
            int end = bin + HiveBin.ReadSize(pages, bin);
            for (int cell = bin + HiveBin.HeaderSize; cell < end;)
            {
                int header = pages.ReadInt32(cell);
                int size = CheckedSize(header, cell, end);
                if (header > 0 && !IsZero(cell + 4, size - 4))
                {
                    Clear(cell + 4, size - 4);
                }

                cell += size;
            }

            bin = end;
        }
    }

    private static int CheckedSize(int header, int cell, int end)
    {
        int size = header == int.MinValue ? 0 : Math.Abs(header);
        return size >= 8 && (size & 7) == 0 && size <= end - cell
            ? size
            : throw HiveFormat.Bad(
                DiskFormatDefect.Inconsistent, HiveFormat.CellName, cell, $"its size is {header}, and its bin ends {end - cell} bytes behind it.");
    }

    private bool IsZero(int offset, int length)
    {
        for (int done = 0; done < length; done += Zeros.Length)
        {
            ReadOnlySpan<byte> bytes = pages.Read(offset + done, Math.Min(Zeros.Length, length - done));
            if (!bytes.SequenceEqual(Zeros.AsSpan(0, bytes.Length)))
            {
                return false;
            }
        }

        return true;
    }

    private void Clear(int offset, int length)
    {
        Span<byte> zeros = stackalloc byte[Math.Min(length, 512)];
        zeros.Clear();
        for (int done = 0; done < length; done += zeros.Length)
        {
            pages.Write(offset + done, zeros.Slice(0, Math.Min(zeros.Length, length - done)));
        }
    }

    private void ScanBin()
    {
        int end = _scanned + HiveBin.ReadSize(pages, _scanned);
        int freeStart = -1;
        for (int cell = _scanned + HiveBin.HeaderSize; cell < end;)
        {
            int header = pages.ReadInt32(cell);
            int size = CheckedSize(header, cell, end);
            if (header < 0 && freeStart >= 0)
            {
                _runs.Add(freeStart, cell - freeStart);
                freeStart = -1;
            }
            else if (header > 0 && freeStart < 0)
            {
                freeStart = cell;
            }

            cell += size;
        }

        if (freeStart >= 0)
        {
            _runs.Add(freeStart, end - freeStart);
        }

        _scanned = end;
    }

    private void Grow(int cellSize)
    {
        int start = pages.Length;
        int size = (cellSize + HiveBin.HeaderSize + HiveFormat.PageSize - 1) / HiveFormat.PageSize * HiveFormat.PageSize;
        if (size > HiveFormat.MaxBinsSize - start)
        {
            throw new DiskFormatException(DiskFormatDefect.NoSpace, "hive bins", -1, $"the hive cannot grow beyond 0x{HiveFormat.MaxBinsSize:X} bytes.");
        }

        // All of a new bin is written, whatever lay in the file behind the old end.
        pages.Resize(start + size);
        Clear(start, size);
        Span<byte> header = stackalloc byte[HiveBin.HeaderSize];
        HiveBin.Write(header, start, size);
        pages.Write(start, header);
        pages.WriteInt32(start + HiveBin.HeaderSize, size - HiveBin.HeaderSize);
        _runs.Add(start + HiveBin.HeaderSize, size - HiveBin.HeaderSize);
    }
}
