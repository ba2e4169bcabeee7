
namespace VmUpdate.DiskFormats.Ntfs;

/// <content>Keeps the nodes neither too full nor too empty.</content>
internal sealed partial class IndexTree
{
    // From the changed leaf up: every step touches a node and the one above it.
    private void Rebalance(List<Step> path)
    {
        for (int level = path.Count - 1; level > 0; level--)
        {
            IndexNode node = path[level].Node;
            MarkDirty(node);
            if (node.Used > IndexNode.Capacity(_nodeSize))
            {
                Split(node, path[level].Position, path[level - 1]);
            }
            else if (node.Keys == 0 || node.Used < IndexNode.Capacity(_nodeSize) / MergeShare)
            {
                Merge(path[level - 1], node);
            }
        }

        MarkDirty(_root);
        TakeBack();
        if (_root.Used > RootRoom())
        {
            MoveRootDown();
        }

        SaveRoot(_root);
    }

    private int RootRoom() =>
        Math.Max(24, RecordLayout.RoomForRootEntries(_volume, _file, _file.Require(AttributeType.IndexRoot, _name)));

    private void Split(IndexNode node, int changedAt, Step above)
    {
        int middle = changedAt >= node.Keys - 1 ? node.Keys - 2 : MiddleOf(node); // names that come in order leave full nodes behind
        IndexNode right = NewNode();
        IndexEntry up = node.Entries[middle];
        right.Entries.AddRange(node.Entries.Skip(middle + 1));
        node.Entries.RemoveRange(middle, node.Entries.Count - middle);
        node.Entries.Add(EndEntry(up.Below));
        MarkDirty(right);
        above.Entry.Below = right.Number;
        above.Node.Entries.Insert(above.Position, new IndexEntry(up.Bytes, node.Number));
    }

    private static int MiddleOf(IndexNode node)
    {
        int half = node.Used / 2;
        int sum = 0;
        for (int i = 0; i < node.Keys; i++)
        {
            sum += node.Entries[i].Size;
            if (sum > half)
            {
                return Math.Max(1, Math.Min(i, node.Keys - 2));
            }
        }

        return node.Keys / 2;
    }

    private void Merge(Step above, IndexNode node)
    {
        // With the node to the right, or for the last one to the left; the entry between them comes down.
        int between = Math.Min(above.Position, above.Node.Keys - 1);
        if (between < 0)
        {
            return;
        }

        IndexNode left = Node(above.Node.Entries[between].Below);
        IndexNode right = Node(above.Node.Entries[between + 1].Below);
        if (left.HasBelow != right.HasBelow)
        {
            return; // another writer's tree, not of one depth: it stays readable as it is
        }

        IndexEntry down = new(above.Node.Entries[between].Bytes, left.Entries[left.Keys].Below);
        int together = left.Used + right.Used + down.Size - left.Entries[left.Keys].Size;
        if (together <= IndexNode.Capacity(_nodeSize))
        {
            left.Entries.RemoveAt(left.Keys);
            left.Entries.Add(down);
            left.Entries.AddRange(right.Entries);
            above.Node.Entries.RemoveAt(between);
            above.Node.Entries[between].Below = left.Number;
            FreeNode(right);
            MarkDirty(left);
        }
        else if (node.Keys == 0)
        {
            Share(above, between, left, right, down);
        }
    }

    private void Share(Step above, int between, IndexNode left, IndexNode right, IndexEntry down)
    {
        List<IndexEntry> all = [.. left.Entries.Take(left.Keys), down, .. right.Entries];
        var whole = new IndexNode(IndexNode.Root);
        whole.Entries.AddRange(all);
        int middle = MiddleOf(whole);
        left.Entries.Clear();
        left.Entries.AddRange(all.Take(middle));
        left.Entries.Add(EndEntry(all[middle].Below));
        right.Entries.Clear();
        right.Entries.AddRange(all.Skip(middle + 1));
        above.Node.Entries[between].Bytes = all[middle].Bytes;
        MarkDirty(left);
        MarkDirty(right);
    }

    private void TakeBack()
    {
        while (_root.Keys == 0 && _root.HasBelow)
        {
            IndexNode only = Node(_root.Entries[0].Below);
            if (only.Used > RootRoom() - TakeBackSlack)
            {
                return;
            }

            _root.Entries.Clear();
            _root.Entries.AddRange(only.Entries);
            FreeNode(only);
        }

        if (!_root.HasBelow && _file.Find(AttributeType.IndexAllocation, _name) is { } allocation)
        {
            AttributeIo.MakeEmpty(_volume, allocation);
            _file.Attributes.Remove(allocation);
            NtfsAttribute bitmap = _file.Require(AttributeType.Bitmap, _name);
            AttributeIo.MakeEmpty(_volume, bitmap);
            _file.Attributes.Remove(bitmap);
            _nodes.Clear();
        }
    }

    private void MoveRootDown()
    {
        IndexNode down = NewNode();
        down.Entries.AddRange(_root.Entries);
        _root.Entries.Clear();
        _root.Entries.Add(EndEntry(down.Number));
        MarkDirty(down);
        if (down.Used > IndexNode.Capacity(_nodeSize))
        {
            // A root can be larger than a node only where records are as large as nodes.
            Split(down, 0, new Step(_root, 0));
        }
    }
}
