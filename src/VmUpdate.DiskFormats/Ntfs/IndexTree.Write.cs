using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <content>
/// Inserting and removing. A node that overflows is split and its middle entry goes up; one that runs low is merged with the one
/// beside it. A root that overflows moves down whole; one whose only node below fits again takes it back.
/// </content>
internal sealed partial class IndexTree
{
    private const int MergeShare = 4; // below a quarter full a node looks for one to merge with
    private const int TakeBackSlack = 160; // what leaves the record with the last node: else the root would go up and down
    private const int MinNodeSizeForWriting = 2048; // three entries with names of 255 characters must fit

    /// <summary>Makes the value of an empty tree's $INDEX_ROOT.</summary>
    public static byte[] CreateRoot(NtfsGeometry geometry, AttributeType indexed, uint collation)
    {
        byte[] value = new byte[RootHeaderSize + IndexNode.HeaderSize + IndexEntry.HeaderSize];
        int size = geometry.IndexRecordSize;
        int unit = geometry.ClusterSize <= size ? geometry.ClusterSize : UpdateSequence.Stride;
        BinaryPrimitives.WriteUInt32LittleEndian(value, (uint)indexed);
        BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(4), collation);
        BinaryPrimitives.WriteInt32LittleEndian(value.AsSpan(8), size);
        value[12] = (byte)(size / unit);
        var root = new IndexNode(IndexNode.Root);
        root.Entries.Add(EndEntry(IndexEntry.None));
        root.WriteRoot(value.AsSpan(RootHeaderSize));
        return value;
    }

    /// <summary>Makes a folder's entry.</summary>
    public static byte[] NameEntry(FileReference file, ReadOnlySpan<byte> fileName)
    {
        byte[] bytes = new byte[NtfsAttribute.Align8(IndexEntry.HeaderSize + fileName.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, file.Stored);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(10), (ushort)fileName.Length);
        fileName.CopyTo(bytes.AsSpan(IndexEntry.HeaderSize));
        return bytes;
    }

    /// <summary>Makes an entry of an index that is not a folder's.</summary>
    public static byte[] DataEntry(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        byte[] bytes = new byte[NtfsAttribute.Align8(IndexEntry.HeaderSize + key.Length + data.Length)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)(IndexEntry.HeaderSize + key.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), (ushort)data.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(10), (ushort)key.Length);
        key.CopyTo(bytes.AsSpan(IndexEntry.HeaderSize));
        data.CopyTo(bytes.AsSpan(IndexEntry.HeaderSize + key.Length));
        return bytes;
    }

    /// <summary>Whether the tree has no entries.</summary>
    public bool IsEmpty => !Enumerate().Any();

    /// <summary>Adds an entry.</summary>
    public void Insert(byte[] entry)
    {
        if (_nodeSize < MinNodeSizeForWriting)
        {
            throw NtfsError.NotSupported(string.Empty, $"writing index nodes of {_nodeSize} bytes is not supported.");
        }

        Trim();
        var added = new IndexEntry(entry, IndexEntry.None);
        if (Descend(added.Key, out List<Step> path))
        {
            throw NtfsError.Inconsistent("index entry", -1, $"the tree \"{_name}\" of record {_file.Number} has the key already.");
        }

        Step leaf = path[path.Count - 1];
        leaf.Node.Entries.Insert(leaf.Position, added);
        Rebalance(path);
    }

    /// <summary>Removes an entry.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(ReadOnlySpan<byte> key)
    {
        Trim();
        if (!Descend(key, out List<Step> path))
        {
            return false;
        }

        Step step = path[path.Count - 1];
        if (!step.Node.HasBelow)
        {
            step.Node.Entries.RemoveAt(step.Position);
            Rebalance(path);
            return true;
        }

        // An entry of an inner node is replaced by the greatest of those below it, which stands in a leaf.
        IndexNode node = step.Node;
        int position = step.Position;
        while (node.HasBelow)
        {
            node = Node(node.Entries[position].Below);
            if (path.Count >= NtfsLimits.MaxIndexDepth)
            {
                throw NtfsError.Inconsistent("index node", -1, $"the tree \"{_name}\" of record {_file.Number} is too deep.");
            }

            position = node.Keys;
            path.Add(new Step(node, position));
        }

        if (node.Keys == 0)
        {
            throw NtfsError.NotSupported(string.Empty, $"the tree \"{_name}\" of record {_file.Number} has an empty leaf; let chkdsk repair it.");
        }

        step.Entry.Bytes = node.Entries[node.Keys - 1].Bytes;
        node.Entries.RemoveAt(node.Keys - 1);
        MarkDirty(step.Node);
        path[path.Count - 1] = new Step(node, node.Keys);
        Rebalance(path);
        return true;
    }

    /// <summary>Replaces the copied times, lengths and bits of a name.</summary>
    /// <param name="fileName">The $FILE_NAME value: the key.</param>
    /// <param name="info">What replaces them.</param>
    /// <returns>Whether there was such an entry.</returns>
    public bool UpdateInfo(ReadOnlySpan<byte> fileName, ReadOnlySpan<byte> info)
    {
        Trim();
        if (!Descend(fileName, out List<Step> path))
        {
            return false;
        }

        Step step = path[path.Count - 1];
        if (!step.Entry.Bytes.Span.Slice(IndexEntry.HeaderSize + FileNameValue.InfoOffset, info.Length).SequenceEqual(info))
        {
            byte[] bytes = step.Entry.Bytes.ToArray();
            info.CopyTo(bytes.AsSpan(IndexEntry.HeaderSize + FileNameValue.InfoOffset));
            step.Entry.Bytes = bytes;
            MarkDirty(step.Node);
            SaveRoot(step.Node);
        }

        return true;
    }

    /// <summary>Writes the nodes that changed.</summary>
    public void WriteBack()
    {
        if (_file.Find(AttributeType.IndexAllocation, _name) is not { } allocation)
        {
            return;
        }

        byte[] gathered = new byte[_nodeSize * 16];
        int used = 0;
        long start = 0;
        foreach (IndexNode node in _nodes.Values.Where(n => n.IsDirty).OrderBy(n => n.Number))
        {
            long offset = node.Number * _unit;
            if (used > 0 && (offset != start + used || used == gathered.Length))
            {
                AttributeIo.WriteClusters(_volume, allocation, start, gathered.AsSpan(0, used));
                used = 0;
            }

            start = used == 0 ? offset : start;
            node.WriteRecord(gathered.AsSpan(used, _nodeSize));
            node.IsDirty = false;
            used += _nodeSize;
        }

        if (used > 0)
        {
            AttributeIo.WriteClusters(_volume, allocation, start, gathered.AsSpan(0, used));
        }
    }

    private static IndexEntry EndEntry(long below) => new(new byte[IndexEntry.HeaderSize], below);

    private void MarkDirty(IndexNode node)
    {
        node.IsDirty = true;
        _volume.Files.MarkDirty(_file);
        if (node.Number != IndexNode.Root)
        {
            _nodes[node.Number] = node;
        }
    }

    private void SaveRoot(IndexNode node)
    {
        if (node.Number != IndexNode.Root)
        {
            return;
        }

        NtfsAttribute attribute = _file.Require(AttributeType.IndexRoot, _name);
        byte[] value = new byte[RootHeaderSize + IndexNode.HeaderSize + _root.Used];
        attribute.Value.AsSpan(0, RootHeaderSize).CopyTo(value);
        _root.WriteRoot(value.AsSpan(RootHeaderSize));
        attribute.Value = value;
    }

    private IndexNode NewNode()
    {
        NtfsAttribute? allocation = _file.Find(AttributeType.IndexAllocation, _name);
        if (allocation is null)
        {
            allocation = new NtfsAttribute(AttributeType.IndexAllocation, _name) { Runs = new RunList() };
            _file.Attributes.Add(allocation);
            _file.Attributes.Add(new NtfsAttribute(AttributeType.Bitmap, _name) { Value = new byte[8] });
        }

        NtfsAttribute bitmap = _file.Require(AttributeType.Bitmap, _name);
        byte[] bits = (byte[])AttributeIo.ReadAll(_volume, bitmap).Clone();
        long bit = 0;
        while (bit < bits.Length * 8L && (bits[bit / 8] & (1 << (int)(bit & 7))) != 0)
        {
            bit += bits[bit / 8] == 0xFF ? 8 - (bit & 7) : 1;
        }

        SetNodeBit(bitmap, bit, bits);
        long length = (bit + 1) * _nodeSize;
        if (allocation.DataSize < length)
        {
            AttributeIo.SetLength(_volume, _file, allocation, length);
            allocation.InitializedSize = length; // the node is written before anybody reads it
        }

        var node = new IndexNode(bit * _nodeSize / _unit);
        _nodes[node.Number] = node;
        return node;
    }

    private void FreeNode(IndexNode node)
    {
        NtfsAttribute bitmap = _file.Require(AttributeType.Bitmap, _name);
        byte[] bits = (byte[])AttributeIo.ReadAll(_volume, bitmap).Clone();
        long bit = node.Number * _unit / _nodeSize;
        if (bit / 8 < bits.Length)
        {
            byte cleared = (byte)(bits[bit / 8] & ~(1 << (int)(bit & 7)) & 0xFF);
            AttributeIo.Write(_volume, _file, bitmap, bit / 8, [cleared]);
        }

        node.IsDirty = false;
        _nodes.Remove(node.Number);
    }

    private void SetNodeBit(NtfsAttribute bitmap, long bit, byte[] bits)
    {
        byte set = (byte)((bit / 8 < bits.Length ? bits[bit / 8] : 0) | (1 << (int)(bit & 7)));
        if (bit / 8 >= bits.Length)
        {
            AttributeIo.SetLength(_volume, _file, bitmap, bits.Length + 8); // counted in eight bytes
        }

        AttributeIo.Write(_volume, _file, bitmap, bit / 8, [set]);
    }
}
