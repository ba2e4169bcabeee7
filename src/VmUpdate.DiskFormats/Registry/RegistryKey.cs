namespace VmUpdate.DiskFormats.Registry;

/// <summary>A key of a hive. It reads through the hive, and is of no use once the hive is disposed or the key deleted.</summary>
public sealed partial class RegistryKey
{

    internal RegistryKey(RegistryHive hive, uint offset, int depth)
    {
        CheckDepth(offset, depth);
        Hive = hive;
        Offset = offset;
        Depth = depth;
    }

    /// <summary>The name as the hive spells it.</summary>
    public string Name
    {
        get
        {
            KeyNode node = Node;
            return HiveText.Decode(node.RawName(Cells), node.IsCompressed);
        }
    }

    /// <summary>The class name; empty when there is none.</summary>
    public string ClassName
    {
        get
        {
            KeyNode node = Node;
            return node.ClassLength == 0 || node.Class == HiveFormat.Nil
                ? string.Empty
                : HiveText.Decode(Cells.Pages.Read(Cells.Open(node.Class, HiveFormat.ClassName, node.ClassLength, out _), node.ClassLength), compressed: false);
        }
    }

    /// <summary>When the key last changed, in UTC; a time that no calendar holds reads as the last one that one does.</summary>
    public DateTime LastWritten => HiveTime.ToDateTime(Node.LastWritten);

    /// <summary>The keys under it, in the hive's order. Nothing under the key may be changed meanwhile.</summary>
    public IEnumerable<RegistryKey> SubKeys
    {
        get
        {
            KeyNode node = Node;
            var cursor = new SubKeyCursor(Cells, node);
            HashSet<uint>? seen = node.SubKeyCount > 1 ? [] : null;
            while (cursor.MoveNext())
            {
                yield return Child(cursor.Current, seen);
            }
        }
    }

    /// <summary>Its values, in the hive's order. None may be set or deleted meanwhile.</summary>
    public IEnumerable<RegistryValue> Values
    {
        get
        {
            int list = OpenValueList(Node, out int count);
            for (int i = 0; i < count; i++)
            {
                yield return ToValue(ValueNode.Read(Cells, Cells.Pages.ReadUInt32(list + (4 * i))));
            }
        }
    }

    internal RegistryHive Hive { get; }

    internal uint Offset { get; }

    internal int Depth { get; }

    internal KeyNode Node => KeyNode.Read(Cells, Offset);

    private HiveCells Cells => Hive.Cells;

    /// <summary>Looks a key under it up.</summary>
    /// <param name="name">One name, without case.</param>
    /// <returns>The key, or <see langword="null"/>.</returns>
    public RegistryKey? FindSubKey(string name)
    {
        uint offset = SubKeySearch.Find(Cells, Node, name);
        return offset == HiveFormat.Nil ? null : new RegistryKey(Hive, offset, Depth + 1);
    }

    /// <summary>Looks a value up.</summary>
    /// <param name="name">Its name, without case; empty for the default value.</param>
    /// <returns>The value, or <see langword="null"/>.</returns>
    public RegistryValue? FindValue(string name) => FindValueIndex(Node, name, out ValueNode value) < 0 ? null : ToValue(value);

    /// <summary>Walks through the key and all under it.</summary>
    /// <returns>The walker, in front of this key.</returns>
    public RegistryWalker Walk() => new(this);

    /// <summary>The key's self-relative security descriptor.</summary>
    /// <returns>Its bytes.</returns>
    public byte[] GetSecurityDescriptor() => SecurityCell.Read(Cells, Node.Security).ToArray();

    internal static void CheckDepth(uint offset, int depth)
    {
        if (depth > HiveFormat.MaxDepth)
        {
            throw HiveFormat.Bad(
                DiskFormatDefect.LimitExceeded, HiveFormat.KeyNodeName, offset, $"more than {HiveFormat.MaxDepth} keys lie under each other there.");
        }
    }

    internal static int OpenValueList(HiveCells cells, in KeyNode node, out int count)
    {
        count = 0;
        if (node.ValueCount == 0)
        {
            return 0;
        }

        int start = cells.Open(node.ValueList, HiveFormat.ValueListName, 0, out int length);
        if (node.ValueCount > length / 4)
        {
            throw HiveFormat.Bad(
                DiskFormatDefect.OutOfBounds, HiveFormat.ValueListName, node.ValueList, $"the key says {node.ValueCount} values, and the cell holds {length} bytes.");
        }

        count = (int)node.ValueCount;
        return start;
    }

    private int OpenValueList(in KeyNode node, out int count) => OpenValueList(Cells, node, out count);

    private int FindValueIndex(in KeyNode node, string name, out ValueNode value)
    {
        int list = OpenValueList(node, out int count);
        for (int i = 0; i < count; i++)
        {
            value = ValueNode.Read(Cells, Cells.Pages.ReadUInt32(list + (4 * i)));
            if (HiveText.Same(value.RawName(Cells), value.IsCompressed, name.AsSpan()))
            {
                return i;
            }
        }

        value = default;
        return -1;
    }

    // Each key names the one above it, so a tree in which that holds has no loops and shares nothing: hostile lists cannot make
    // anybody who goes through them do more work than the hive has keys.
    private RegistryKey Child(uint offset, HashSet<uint>? seen)
    {
        KeyNode child = KeyNode.Read(Cells, offset);
        return child.Parent == Offset && seen?.Add(offset) != false
            ? new RegistryKey(Hive, offset, Depth + 1)
            : throw HiveFormat.Bad(
                DiskFormatDefect.Inconsistent,
                HiveFormat.KeyNodeName,
                offset,
                $"the key at 0x{Offset:X} of the hive bins lists it, and it names 0x{child.Parent:X} as the one above, or is listed twice.");
    }

    private RegistryValue ToValue(in ValueNode value)
    {
        byte[] buffer = [];
        ReadOnlySpan<byte> data = value.ReadData(Cells, ref buffer);
        string name = HiveText.Decode(value.RawName(Cells), value.IsCompressed);
        return new RegistryValue(name, value.Type, buffer.Length > 0 ? buffer : data.ToArray());
    }
}
