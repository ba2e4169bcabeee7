using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Registry;

// Lists of subkeys: sorted by upper-case name, one leaf up to a number of entries, an index root over leaves above it.
internal sealed partial class HiveEditor
{
    private const int RootEntryStart = 4;

    private void InsertSubKey(in KeyNode parent, uint key, string name)
    {
        if (parent.SubKeyCount == 0)
        {
            // A list that its count calls empty holds nothing worth keeping.
            FreeSubKeyList(parent);
            PutKey(parent.Offset, KeyNode.SubKeyListAt, NewLeaf([new Entry(key, Hint(name))], PreferredKind));
            return;
        }

        int start = cells.Open(parent.SubKeyList, HiveFormat.LeafName, 4, out _);
        if (Pages.ReadUInt16(start) != HiveFormat.Ri)
        {
            (uint first, uint second) = InsertIntoLeaf(parent.SubKeyList, key, name);
            PutKey(parent.Offset, KeyNode.SubKeyListAt, second == HiveFormat.Nil ? first : NewRoot([first, second], HiveFormat.Nil));
            return;
        }

        List<uint> leaves = ReadRoot(parent.SubKeyList);
        int at = FindLeaf(leaves, name);
        (uint left, uint right) = InsertIntoLeaf(leaves[at], key, name);
        bool changed = leaves[at] != left || right != HiveFormat.Nil;
        leaves[at] = left;
        if (right != HiveFormat.Nil)
        {
            leaves.Insert(at + 1, right);
        }

        if (changed)
        {
            PutKey(parent.Offset, KeyNode.SubKeyListAt, NewRoot(leaves, parent.SubKeyList));
        }
    }

    private void RemoveSubKey(in KeyNode parent, uint key)
    {
        int start = cells.Open(parent.SubKeyList, HiveFormat.LeafName, 4, out _);
        if (Pages.ReadUInt16(start) != HiveFormat.Ri)
        {
            if (!RemoveFromLeaf(parent.SubKeyList, key, out bool empty))
            {
                throw NotListed(parent, key);
            }

            if (empty)
            {
                Free(parent.SubKeyList, HiveFormat.LeafName);
                PutKey(parent.Offset, KeyNode.SubKeyListAt, HiveFormat.Nil);
            }

            return;
        }

        List<uint> leaves = ReadRoot(parent.SubKeyList);
        for (int i = 0; i < leaves.Count; i++)
        {
            if (!RemoveFromLeaf(leaves[i], key, out bool empty))
            {
                continue;
            }

            if (empty)
            {
                Free(leaves[i], HiveFormat.LeafName);
                leaves.RemoveAt(i);
                uint root = HiveFormat.Nil;
                if (leaves.Count > 0)
                {
                    root = NewRoot(leaves, parent.SubKeyList);
                }
                else
                {
                    Free(parent.SubKeyList, HiveFormat.RootName);
                }

                PutKey(parent.Offset, KeyNode.SubKeyListAt, root);
            }

            return;
        }

        throw NotListed(parent, key);
    }

    private void FreeSubKeyList(in KeyNode key)
    {
        if (key.SubKeyList == HiveFormat.Nil || key.SubKeyCount == 0)
        {
            return;
        }

        int start = cells.Open(key.SubKeyList, HiveFormat.LeafName, 4, out _);
        if (Pages.ReadUInt16(start) == HiveFormat.Ri)
        {
            foreach (uint leaf in ReadRoot(key.SubKeyList))
            {
                Free(leaf, HiveFormat.LeafName);
            }
        }

        Free(key.SubKeyList, HiveFormat.LeafName);
    }

    private static DiskFormatException NotListed(in KeyNode parent, uint key) => HiveFormat.Bad(
        DiskFormatDefect.Inconsistent, HiveFormat.KeyNodeName, parent.Offset, $"its list of subkeys does not name the one at 0x{key:X}.");

    private ushort PreferredKind => cells.MinorVersion >= HiveFormat.HashLeafVersion ? HiveFormat.Lh : HiveFormat.Lf;

    // The entry's second half in the preferred kind of leaf.
    private uint Hint(string name)
    {
        if (PreferredKind == HiveFormat.Lh)
        {
            return HiveText.Hash(name.AsSpan());
        }

        uint hint = 0;
        for (int i = Math.Min(4, name.Length) - 1; i >= 0; i--)
        {
            if (name[i] > 0xFF)
            {
                return 0;
            }

            hint = (hint << 8) | name[i];
        }

        return hint;
    }

    private int CompareName(uint key, string name)
    {
        KeyNode node = KeyNode.Read(cells, key);
        return HiveText.Compare(node.RawName(cells), node.IsCompressed, name.AsSpan());
    }

    // The first leaf whose last key is not before the name.
    private int FindLeaf(List<uint> leaves, string name)
    {
        int low = 0;
        int high = leaves.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            List<Entry> entries = ReadLeaf(leaves[middle], out _);
            if (entries.Count > 0 && CompareName(entries[entries.Count - 1].Key, name) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    // Returns the leaf, or the two leaves, that stand for the old one now.
    private (uint First, uint Second) InsertIntoLeaf(uint leaf, uint key, string name)
    {
        List<Entry> entries = ReadLeaf(leaf, out ushort kind);
        if (kind is HiveFormat.Li || (kind == HiveFormat.Lf && PreferredKind == HiveFormat.Lh))
        {
            for (int i = 0; i < entries.Count; i++)
            {
                KeyNode child = KeyNode.Read(cells, entries[i].Key);
                entries[i] = new Entry(child.Offset, Hint(HiveText.Decode(child.RawName(cells), child.IsCompressed)));
            }

            kind = PreferredKind;
        }

        int low = 0;
        int high = entries.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (CompareName(entries[middle].Key, name) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        entries.Insert(low, new Entry(key, kind == HiveFormat.Lh ? HiveText.Hash(name.AsSpan()) : Hint(name)));
        if (entries.Count <= HiveFormat.MaxLeafEntries)
        {
            return (WriteLeaf(leaf, entries, kind), HiveFormat.Nil);
        }

        // Keys made in order would leave half-empty leaves behind if an append split in the middle.
        int split = low == entries.Count - 1 ? low : entries.Count / 2;
        uint second = NewLeaf(entries.GetRange(split, entries.Count - split), kind);
        return (WriteLeaf(leaf, entries.GetRange(0, split), kind), second);
    }

    private bool RemoveFromLeaf(uint leaf, uint key, out bool empty)
    {
        List<Entry> entries = ReadLeaf(leaf, out ushort kind);
        int at = entries.FindIndex(entry => entry.Key == key);
        if (at >= 0)
        {
            entries.RemoveAt(at);
            Fill(leaf, entries, kind);
        }

        empty = entries.Count == 0;
        return at >= 0;
    }

    private List<Entry> ReadLeaf(uint leaf, out ushort kind)
    {
        var cursor = new SubKeyCursor(cells, leaf);
        var entries = new List<Entry>(cursor.Left);
        while (cursor.MoveNext())
        {
            entries.Add(new Entry(cursor.Current, cursor.Hint));
        }

        kind = cursor.Kind;
        return entries;
    }

    private uint WriteLeaf(uint leaf, List<Entry> entries, ushort kind)
    {
        cells.Open(leaf, HiveFormat.LeafName, 4, out int room);
        if (room >= 4 + (8 * entries.Count))
        {
            Fill(leaf, entries, kind);
            return leaf;
        }

        uint grown = NewLeaf(entries, kind);
        Free(leaf, HiveFormat.LeafName);
        return grown;
    }

    // An eighth more than needed, so that the next keys find room.
    private uint NewLeaf(List<Entry> entries, ushort kind)
    {
        int room = Math.Max(entries.Count, Math.Min(HiveFormat.MaxLeafEntries, entries.Count + (entries.Count / 8)));
        uint leaf = _allocator.Allocate(4 + (8 * room), HiveFormat.LeafName);
        Fill(leaf, entries, kind);
        return leaf;
    }

    private void Fill(uint leaf, List<Entry> entries, ushort kind)
    {
        int stride = kind == HiveFormat.Li ? 4 : 8;
        byte[] content = new byte[4 + (stride * entries.Count)];
        BinaryPrimitives.WriteUInt16LittleEndian(content, kind);
        BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(2), (ushort)entries.Count);
        for (int i = 0; i < entries.Count; i++)
        {
            Span<byte> entry = content.AsSpan(4 + (stride * i));
            BinaryPrimitives.WriteUInt32LittleEndian(entry, entries[i].Key);
            if (stride == 8)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(4), entries[i].Hint);
            }
        }

        Pages.Write((int)leaf + 4, content);
    }

    private List<uint> ReadRoot(uint root)
    {
        ReadOnlySpan<byte> head = cells.Read(root, HiveFormat.Ri, HiveFormat.RootName, RootEntryStart, out int length);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(head.Slice(2));
        if (count == 0 || count * 4 > length - RootEntryStart)
        {
            throw HiveFormat.Bad(DiskFormatDefect.OutOfBounds, HiveFormat.RootName, root, $"it says it has {count} entries, and its cell holds {length} bytes.");
        }

        var leaves = new List<uint>(count + 1);
        for (int i = 0; i < count; i++)
        {
            leaves.Add(Pages.ReadUInt32((int)root + 4 + RootEntryStart + (4 * i)));
        }

        return leaves;
    }

    private uint NewRoot(List<uint> leaves, uint old)
    {
        byte[] content = new byte[RootEntryStart + (4 * leaves.Count)];
        BinaryPrimitives.WriteUInt16LittleEndian(content, HiveFormat.Ri);
        BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(2), (ushort)leaves.Count);
        for (int i = 0; i < leaves.Count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(RootEntryStart + (4 * i)), leaves[i]);
        }

        if (old != HiveFormat.Nil)
        {
            cells.Open(old, HiveFormat.RootName, RootEntryStart, out int room);
            if (room >= content.Length)
            {
                Pages.Write((int)old + 4, content);
                return old;
            }

            Free(old, HiveFormat.RootName);
        }

        return AllocateWith(content, HiveFormat.RootName);
    }

    private readonly record struct Entry(uint Key, uint Hint);
}
