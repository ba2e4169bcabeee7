using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>
/// A B+ tree of a file: a folder's names, or one of the indexes of $Secure and $Extend. The root stands in $INDEX_ROOT, the
/// other nodes in $INDEX_ALLOCATION, and $BITMAP says which of those are in use.
/// </summary>
/// <remarks>
/// $INDEX_ROOT in front of the index header; little-endian; offset and length in bytes:
/// <code>
///  0 4 Type        of the indexed attribute
///  4 4 Collation
///  8 4 NodeSize
/// 12 1 Clusters per node, in the unit that node numbers count
/// </code>
/// Nodes are numbered by clusters; where clusters are larger than nodes, by 512 bytes.
/// </remarks>
internal sealed partial class IndexTree
{
    /// <summary>The name of a folder's index.</summary>
    public const string NamesIndex = "$I30";

    private const int RootHeaderSize = 16;
    private const string Structure = "$INDEX_ROOT";
    private readonly NtfsVolume _volume;
    private readonly FileRecord _file;
    private readonly string _name;
    private readonly KeyComparer _compare;
    private readonly int _nodeSize;
    private readonly int _unit;
    private readonly Dictionary<long, IndexNode> _nodes = [];
    private readonly IndexNode _root = new(IndexNode.Root);

    private IndexTree(NtfsVolume volume, FileRecord file, string name)
    {
        _volume = volume;
        _file = file;
        _name = name;
        byte[] root = file.RequireValue(AttributeType.IndexRoot, RootHeaderSize + IndexNode.HeaderSize, name);
        uint collation = BinaryPrimitives.ReadUInt32LittleEndian(root.AsSpan(4));
        _nodeSize = BinaryPrimitives.ReadInt32LittleEndian(root.AsSpan(8));
        if (_nodeSize < 512 || _nodeSize > NtfsLimits.MaxIndexRecordSize || (_nodeSize & (_nodeSize - 1)) != 0)
        {
            throw NtfsError.Inconsistent(Structure, -1, $"nodes of {_nodeSize} bytes in record {file.Number}.");
        }

        _unit = volume.Geometry.ClusterSize <= _nodeSize ? volume.Geometry.ClusterSize : UpdateSequence.Stride;
        _compare = IndexCollation.ComparerFor(collation, volume.Text);
        _root.ReadEntries(root.AsMemory(RootHeaderSize), -1);
    }

    /// <summary>Opens a file's tree, once.</summary>
    public static IndexTree Of(NtfsVolume volume, FileRecord file, string name = NamesIndex)
    {
        if (!file.Trees.TryGetValue(name, out IndexTree? tree))
        {
            tree = new IndexTree(volume, file, name);
            file.Trees.Add(name, tree);
        }

        return tree;
    }

    /// <summary>The entry of a key.</summary>
    public IndexEntry? Find(ReadOnlySpan<byte> key)
    {
        Trim();
        return Descend(key, out List<Step> path) ? path[path.Count - 1].Entry : null;
    }

    /// <summary>A folder's entry: the one of exactly this name, else the first that differs by case only.</summary>
    public IndexEntry? FindName(string name)
    {
        Trim();
        IndexEntry? other = null;
        foreach (IndexEntry entry in From(key => _volume.Text.CompareIgnoringCase(new FileNameValue(key).Name, name.AsSpan()) < 0))
        {
            ReadOnlySpan<char> found = new FileNameValue(entry.Key).Name;
            if (_volume.Text.CompareIgnoringCase(found, name.AsSpan()) != 0)
            {
                break;
            }

            if (found.SequenceEqual(name.AsSpan()))
            {
                return entry;
            }

            other ??= entry;
        }

        return other;
    }

    /// <summary>The entry with the greatest key.</summary>
    public IndexEntry? Last()
    {
        Trim();
        IndexNode node = _root;
        for (int depth = 0; node.HasBelow; depth++)
        {
            if (depth >= NtfsLimits.MaxIndexDepth)
            {
                throw NtfsError.Inconsistent("index node", -1, $"the tree \"{_name}\" of record {_file.Number} is too deep or leads back to itself.");
            }

            node = Node(node.Entries[node.Keys].Below);
        }

        return node.Keys > 0 ? node.Entries[node.Keys - 1] : Enumerate().LastOrDefault();
    }

    /// <summary>All entries, by key.</summary>
    public IEnumerable<IndexEntry> Enumerate() => From(_ => false);

    /// <summary>The entries from a place on, by key.</summary>
    /// <param name="isBefore">Whether a key stands before that place.</param>
    public IEnumerable<IndexEntry> From(KeyFilter isBefore)
    {
        var visited = new HashSet<long>();
        var path = new Stack<Step>();
        Enter(_root);
        while (path.Count > 0)
        {
            Step step = path.Pop();
            if (step.Position >= step.Node.Keys)
            {
                continue;
            }

            IndexEntry entry = step.Entry;
            var next = new Step(step.Node, step.Position + 1);
            path.Push(next);
            if (step.Node.HasBelow)
            {
                Enter(Node(next.Entry.Below));
            }

            yield return entry;
        }

        // Goes down to the first entry that does not stand before the place, and leaves the way to it on the path.
        void Enter(IndexNode node)
        {
            while (true)
            {
                if (path.Count >= NtfsLimits.MaxIndexDepth || !visited.Add(node.Number))
                {
                    throw NtfsError.Inconsistent("index node", -1, $"the tree \"{_name}\" of record {_file.Number} leads back to node {node.Number} or is too deep.");
                }

                int position = 0;
                while (position < node.Keys && isBefore(node.Entries[position].Key))
                {
                    position++;
                }

                path.Push(new Step(node, position));
                if (!node.HasBelow)
                {
                    return;
                }

                node = Node(node.Entries[position].Below);
            }
        }
    }

    private bool Descend(ReadOnlySpan<byte> key, out List<Step> path)
    {
        path = [];
        IndexNode node = _root;
        while (true)
        {
            if (path.Count >= NtfsLimits.MaxIndexDepth)
            {
                throw NtfsError.Inconsistent("index node", -1, $"the tree \"{_name}\" of record {_file.Number} is too deep or leads back to itself.");
            }

            int low = 0;
            int high = node.Keys;
            bool found = false;
            while (low < high)
            {
                int middle = (low + high) / 2;
                int difference = _compare(node.Entries[middle].Key, key);
                found |= difference == 0;
                if (difference < 0)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            path.Add(new Step(node, low));
            if (found || !node.HasBelow)
            {
                return found;
            }

            node = Node(node.Entries[low].Below);
        }
    }

    private IndexNode Node(long number)
    {
        if (_nodes.TryGetValue(number, out IndexNode? node))
        {
            return node;
        }

        NtfsAttribute allocation = _file.Require(AttributeType.IndexAllocation, _name);
        if (allocation.IsResident || allocation.IsCompressed || number > (allocation.DataSize - _nodeSize) / _unit)
        {
            throw NtfsError.OutOfBounds("index node", -1, $"node {number} of record {_file.Number} lies outside its {allocation.Length} bytes.");
        }

        byte[] bytes = new byte[_nodeSize];
        AttributeIo.ReadPlain(_volume, allocation, number * _unit, bytes);
        node = IndexNode.ReadRecord(bytes, number, -1);
        _nodes.Add(number, node);
        return node;
    }

    /// <summary>Forgets unchanged nodes when there are too many. Called only where no operation holds one.</summary>
    private void Trim()
    {
        if (_nodes.Count > NtfsLimits.CachedIndexRecords)
        {
            foreach (IndexNode node in _nodes.Values.Where(n => !n.IsDirty).ToArray())
            {
                _nodes.Remove(node.Number);
            }
        }
    }

    /// <summary>Says of a key whether it stands before a place.</summary>
    internal delegate bool KeyFilter(ReadOnlySpan<byte> key);

    private readonly struct Step(IndexNode node, int position)
    {
        public IndexNode Node { get; } = node;

        public int Position { get; } = position;

        public IndexEntry Entry => Node.Entries[Position];
    }
}
