using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>Goes through the offsets of a key's subkeys, in the order of the list, without allocating.</summary>
/// <remarks>
/// A list is a leaf, or an index root over leaves; content of the cell, offset and length in bytes:
/// <code>
///  0    2  Signature  "lf", "lh", "li" (leaves), "ri" (index root)
///  2    2  Count      of entries
///  4       Entries    lf, lh: offset of a key, then the first four characters of its name or their hash; li, ri: an offset
/// </code>
/// An index root never holds another one.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal struct SubKeyCursor
{
    private readonly HiveCells _cells;
    private readonly uint _owner;
    private int _root; // where the index root's entries start; -1 without one
    private int _rootLeft;
    private int _entries;
    private int _left;
    private int _stride;
    private long _expected;

    public SubKeyCursor(HiveCells cells, in KeyNode key)
    {
        _cells = cells;
        _owner = key.Offset;
        _expected = key.SubKeyCount;
        _root = -1;
        if (_expected == 0)
        {
            return;
        }

        if (_expected > cells.Pages.Length / HiveFormat.MinKeyCell)
        {
            throw HiveFormat.Bad(
                DiskFormatDefect.Inconsistent, HiveFormat.KeyNodeName, key.Offset, $"it says it has {_expected} subkeys, more than the hive has room for.");
        }

        int start = cells.Open(key.SubKeyList, HiveFormat.LeafName, 4, out int length);
        if (cells.Pages.ReadUInt16(start) != HiveFormat.Ri)
        {
            OpenLeaf(key.SubKeyList);
            return;
        }

        _rootLeft = cells.Pages.ReadUInt16(start + 2);
        _root = start + 4;
        if (_rootLeft * 4 > length - 4)
        {
            throw TooMany(HiveFormat.RootName, key.SubKeyList, _rootLeft, length);
        }
    }

    /// <summary>Goes through one leaf alone.</summary>
    /// <param name="cells">The hive.</param>
    /// <param name="leaf">The leaf.</param>
    public SubKeyCursor(HiveCells cells, uint leaf)
    {
        _cells = cells;
        _owner = leaf;
        _root = -1;
        OpenLeaf(leaf);
        _expected = _left;
    }

    /// <summary>How many entries of the current leaf are left.</summary>
    public readonly int Left => _left;

    /// <summary>The signature of the leaf the current entry is in.</summary>
    public ushort Kind { get; private set; }

    /// <summary>The current entry's offset of a key.</summary>
    public uint Current { get; private set; }

    /// <summary>The current entry's hash or first characters; 0 in a leaf that has none.</summary>
    public uint Hint { get; private set; }

    /// <summary>Goes to the next entry.</summary>
    /// <returns><see langword="false"/> at the end.</returns>
    public bool MoveNext()
    {
        while (_left == 0)
        {
            if (_rootLeft == 0)
            {
                return _expected == 0
                    ? false
                    : throw HiveFormat.Bad(
                        DiskFormatDefect.Inconsistent, HiveFormat.KeyNodeName, _owner, $"its list of subkeys is {_expected} shorter than its count says.");
            }

            uint leaf = _cells.Pages.ReadUInt32(_root);
            _root += 4;
            _rootLeft--;
            OpenLeaf(leaf);
        }

        // The key's own count bounds what a list may make one do, however often an index root names the same leaf.
        if (--_expected < 0)
        {
            throw HiveFormat.Bad(
                DiskFormatDefect.Inconsistent, HiveFormat.KeyNodeName, _owner, "its list of subkeys is longer than its count says.");
        }

        ReadOnlySpan<byte> entry = _cells.Pages.Read(_entries, _stride);
        Current = BinaryPrimitives.ReadUInt32LittleEndian(entry);
        Hint = _stride == 8 ? BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(4)) : 0;
        _entries += _stride;
        _left--;
        return true;
    }

    private static DiskFormatException TooMany(string structure, uint offset, int count, int length) => HiveFormat.Bad(
        DiskFormatDefect.OutOfBounds, structure, offset, $"it says it has {count} entries, and its cell holds {length} bytes.");

    private void OpenLeaf(uint offset)
    {
        int start = _cells.Open(offset, HiveFormat.LeafName, 4, out int length);
        Kind = _cells.Pages.ReadUInt16(start);
        _stride = Kind switch
        {
            HiveFormat.Lf or HiveFormat.Lh => 8,
            HiveFormat.Li => 4,
            _ => throw HiveFormat.Bad(
                DiskFormatDefect.WrongSignature, HiveFormat.LeafName, offset, $"it starts with 0x{Kind:X4}, which is no leaf."),
        };
        _left = _cells.Pages.ReadUInt16(start + 2);
        _entries = start + 4;
        if (_left * _stride > length - 4)
        {
            throw TooMany(HiveFormat.LeafName, offset, _left, length);
        }
    }
}
