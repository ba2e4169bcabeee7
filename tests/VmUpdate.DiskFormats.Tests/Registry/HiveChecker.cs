using VmUpdate.DiskFormats.Registry;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>
/// Looks at every cell of a hive: that bins and cells add up, that nothing is used twice, that security cells are counted and linked right,
/// that lists are sorted and their hints fit. Says which cells in use nothing refers to.
/// </summary>
internal sealed class HiveChecker
{
    private readonly HiveCells _cells;
    private readonly Dictionary<uint, int> _inUse = [];
    private readonly HashSet<uint> _reached = [];
    private readonly Dictionary<uint, int> _security = [];

    private HiveChecker(HiveCells cells) => _cells = cells;

    /// <summary>Checks a hive file.</summary>
    /// <param name="bytes">The file.</param>
    /// <returns>The cells in use that nothing refers to.</returns>
    public static IReadOnlyList<uint> Check(byte[] bytes)
    {
        using var hive = RegistryHive.Open(new MemoryFile(bytes), [], new RegistryOpenOptions());
        var checker = new HiveChecker(hive.Cells);
        checker.ScanBins();
        checker.Visit(hive.Root.Offset, hive.Root.Node.Parent);
        checker.CheckSecurity(hive.Root.Node.Security);
        return checker._inUse.Keys.Where(cell => !checker._reached.Contains(cell)).Order().ToArray();
    }

    private void ScanBins()
    {
        for (int bin = 0; bin < _cells.Pages.Length;)
        {
            int end = bin + HiveBin.ReadSize(_cells.Pages, bin);
            int cell = bin + HiveBin.HeaderSize;
            while (cell < end)
            {
                int header = _cells.Pages.ReadInt32(cell);
                int size = Math.Abs(header);
                Assert.True(size >= 8 && size % 8 == 0 && size <= end - cell, $"The cell at 0x{cell:X} has the size {header}.");
                if (header < 0)
                {
                    _inUse.Add((uint)cell, size);
                }

                cell += size;
            }

            bin = end;
        }
    }

    private void Reach(uint cell) =>
        Assert.True(_inUse.ContainsKey(cell) && _reached.Add(cell), $"The cell at 0x{cell:X} is not in use, or used twice.");

    private void Visit(uint offset, uint parent)
    {
        Reach(offset);
        KeyNode key = KeyNode.Read(_cells, offset);
        Assert.Equal(parent, key.Parent);
        _security[key.Security] = _security.GetValueOrDefault(key.Security) + 1;
        if (key.ClassLength > 0)
        {
            Reach(key.Class);
        }

        int list = RegistryKey.OpenValueList(_cells, key, out int count);
        if (count > 0)
        {
            Reach(key.ValueList);
        }

        for (int i = 0; i < count; i++)
        {
            VisitValue(key, ValueNode.Read(_cells, _cells.Pages.ReadUInt32(list + (4 * i))));
        }

        ReachLists(key);
        string before = string.Empty;
        var cursor = new SubKeyCursor(_cells, key);
        while (cursor.MoveNext())
        {
            KeyNode child = KeyNode.Read(_cells, cursor.Current);
            string name = HiveText.Decode(child.RawName(_cells), child.IsCompressed);
            Assert.True(HiveText.Compare(child.RawName(_cells), child.IsCompressed, before) > 0, $"'{name}' stands behind '{before}'.");
            if (cursor.Kind == HiveFormat.Lh && name.All(char.IsAscii))
            {
                Assert.Equal(HiveText.Hash(name), cursor.Hint);
            }

            Assert.True(_cells.Pages.ReadUInt16((int)offset + 4 + KeyNode.LargestNameAt) >= name.Length * 2, $"The greatest length of a name is below that of '{name}'.");
            before = name;
            Visit(cursor.Current, offset);
        }
    }

    private void VisitValue(in KeyNode key, in ValueNode value)
    {
        Reach(value.Offset);
        byte[] buffer = [];
        value.ReadData(_cells, ref buffer);
        if (value.IsInline || value.Size == 0)
        {
            return;
        }

        Reach(value.Data);
        if (buffer.Length > 0 && _cells.Pages.ReadUInt16((int)value.Data + 4) == HiveFormat.Db)
        {
            int list = BigData.OpenList(_cells, value.Data, value.Size, out int count);
            Reach((uint)list - 4);
            for (int i = 0; i < count; i++)
            {
                Reach(_cells.Pages.ReadUInt32(list + (4 * i)));
            }
        }
    }

    private void ReachLists(in KeyNode key)
    {
        if (key.SubKeyCount == 0)
        {
            return;
        }

        Reach(key.SubKeyList);
        int start = (int)key.SubKeyList + 4;
        if (_cells.Pages.ReadUInt16(start) == HiveFormat.Ri)
        {
            for (int i = 0; i < _cells.Pages.ReadUInt16(start + 2); i++)
            {
                Reach(_cells.Pages.ReadUInt32(start + 4 + (4 * i)));
            }
        }
    }

    private void CheckSecurity(uint first)
    {
        var ring = new HashSet<uint>();
        uint cell = first;
        while (ring.Add(cell))
        {
            Reach(cell);
            SecurityCell.Read(_cells, cell);
            uint next = _cells.Pages.ReadUInt32((int)cell + 4 + SecurityCell.NextAt);
            Assert.Equal(cell, _cells.Pages.ReadUInt32((int)next + 4 + SecurityCell.PreviousAt));
            Assert.Equal((uint)_security.GetValueOrDefault(cell), _cells.Pages.ReadUInt32((int)cell + 4 + SecurityCell.ReferencesAt));
            cell = next;
        }

        Assert.Equal(first, cell);
        Assert.All(_security.Keys, used => Assert.Contains(used, ring));
    }
}
