using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>The table that says where each block is. Pages come when they are asked for; changed ones wait for the log.</summary>
/// <remarks>[MS-VHDX] 2.5. Readers may come side by side: a page is published whole and never replaced.</remarks>
internal sealed class BlockAllocationTable
{
    private const string Structure = "VHDX block allocation table";
    private const int EntriesPerPage = VhdxLimits.PageSize / BatEntry.Size;
    private readonly ulong[]?[] _pages;
    private readonly IBlockDevice _file;
    private readonly bool _isNew;
    private readonly long _offset;
    private readonly BlockGeometry _geometry;
    private readonly HashSet<int> _dirty = [];

    /// <summary>Makes the table of a file.</summary>
    /// <param name="file">The file as it is after the log's replay.</param>
    /// <param name="region">Where the table is.</param>
    /// <param name="geometry">How the disk is cut.</param>
    /// <param name="isNew">Whether the file is being made, so that nothing of it is to be read yet.</param>
    internal BlockAllocationTable(IBlockDevice file, FileRange region, BlockGeometry geometry, bool isNew)
    {
        if (geometry.EntryCount > region.Length / BatEntry.Size)
        {
            throw new DiskFormatException(
                DiskFormatDefect.OutOfBounds,
                Structure,
                region.Offset,
                $"the disk needs {geometry.EntryCount} entries, and the region holds {region.Length / BatEntry.Size}.");
        }

        _file = file;
        _offset = region.Offset;
        _geometry = geometry;
        _isNew = isNew;
        _pages = new ulong[]?[(int)(((geometry.EntryCount - 1) / EntriesPerPage) + 1)];
    }

    /// <summary>How many changed pages wait.</summary>
    internal int DirtyCount => _dirty.Count;

    /// <summary>An entry, unchecked.</summary>
    internal BatEntry this[long index] => new(Page((int)(index / EntriesPerPage))[(int)(index % EntriesPerPage)]);

    /// <summary>Changes an entry in memory.</summary>
    internal void Set(long index, BatEntry value)
    {
        int page = (int)(index / EntriesPerPage);
        Page(page)[(int)(index % EntriesPerPage)] = value.Raw;
        _dirty.Add(page);
    }

    /// <summary>The failure of an entry that cannot be true.</summary>
    internal DiskFormatException Defect(long index, DiskFormatDefect defect, string what) =>
        new(defect, Structure, _offset + (index * BatEntry.Size), what);

    /// <summary>Checks every entry: states, places, and that no two blocks share a place.</summary>
    /// <param name="requireEntry">Checks one entry by itself.</param>
    /// <param name="reserved">Places where no block may be.</param>
    internal void RequireAll(Action<long, BatEntry> requireEntry, IEnumerable<FileRange> reserved)
    {
        var used = new List<FileRange>(reserved);
        for (long index = 0; index < _geometry.EntryCount; index++)
        {
            BatEntry entry = this[index];
            requireEntry(index, entry);
            if (entry.IsAllocated)
            {
                used.Add(new FileRange((long)entry.FileOffset, _geometry.IsBitmapEntry(index) ? VhdxLimits.OneMebibyte : _geometry.BlockSize));
            }
        }

        used.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        for (int index = 1; index < used.Count; index++)
        {
            if (used[index - 1].End > used[index].Offset)
            {
                throw new DiskFormatException(
                    DiskFormatDefect.Inconsistent,
                    Structure,
                    _offset,
                    $"the block at 0x{used[index].Offset:X} lies in what starts at 0x{used[index - 1].Offset:X}.");
            }
        }
    }

    /// <summary>Adds the changed pages, by their place in the file.</summary>
    internal void CollectDirty(ICollection<KeyValuePair<long, byte[]>> pages)
    {
        foreach (int page in _dirty)
        {
            byte[] bytes = new byte[VhdxLimits.PageSize];
            ulong[] entries = Page(page);
            for (int index = 0; index < EntriesPerPage; index++)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(index * BatEntry.Size), entries[index]);
            }

            pages.Add(new KeyValuePair<long, byte[]>(_offset + ((long)page * VhdxLimits.PageSize), bytes));
        }
    }

    internal void ClearDirty() => _dirty.Clear();

    private ulong[] Page(int page)
    {
        if (Volatile.Read(ref _pages[page]) is { } present)
        {
            return present;
        }

        ulong[] entries = new ulong[EntriesPerPage];
        if (!_isNew)
        {
            Span<byte> bytes = stackalloc byte[VhdxLimits.PageSize];
            _file.ReadAt(_offset + ((long)page * VhdxLimits.PageSize), bytes);
            for (int index = 0; index < EntriesPerPage; index++)
            {
                entries[index] = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(index * BatEntry.Size));
            }
        }

        return Interlocked.CompareExchange(ref _pages[page], entries, null) ?? entries;
    }
}
