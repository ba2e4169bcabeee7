using System.Buffers.Binary;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>Bytes that no honest writer left: each is one failure that names structure and place, soon and without great memory.</summary>
public sealed class HostileHiveTests
{
    private static readonly RegistryOpenOptions ReadOnly = new();

    [Fact]
    public void What_is_no_hive_is_called_so()
    {
        Assert.Equal(DiskFormatDefect.WrongFormat, Refused([]).Defect);
        Assert.Equal(DiskFormatDefect.WrongFormat, Refused(new byte[100_000]).Defect);
        Assert.Equal(DiskFormatDefect.Truncated, Refused("regf"u8.ToArray()).Defect);
        byte[] log = Sample(out _);
        Assert.Equal(DiskFormatDefect.WrongFormat, Refused(Patched(log, 28, HiveBaseBlock.TypeNewLog)).Defect);
    }

    [Theory]
    [InlineData(20, 2u, DiskFormatDefect.UnsupportedVersion)]
    [InlineData(24, 2u, DiskFormatDefect.UnsupportedVersion)]
    [InlineData(24, 7u, DiskFormatDefect.UnsupportedVersion)]
    [InlineData(40, 0u, DiskFormatDefect.Inconsistent)]
    [InlineData(40, 4097u, DiskFormatDefect.Inconsistent)]
    [InlineData(40, 0x7FFFF000u, DiskFormatDefect.Truncated)]
    [InlineData(40, 0xFFFFF000u, DiskFormatDefect.Truncated)]
    [InlineData(36, 0xFFFFFFFFu, DiskFormatDefect.OutOfBounds)]
    [InlineData(36, 36u, DiskFormatDefect.OutOfBounds)]
    [InlineData(36, 0u, DiskFormatDefect.OutOfBounds)]
    public void A_base_block_field_that_cannot_be_is_refused(int field, uint value, DiskFormatDefect expected) =>
        Assert.Equal(expected, Refused(Patched(Sample(out _), field, value)).Defect);

    [Fact]
    public void A_wrong_checksum_without_logs_is_refused()
    {
        byte[] hive = Sample(out _);
        hive[200] ^= 1;
        DiskFormatException refused = Refused(hive);
        Assert.Equal(DiskFormatDefect.WrongChecksum, refused.Defect);
        Assert.Equal("DiskWrongChecksum", refused.Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(int.MinValue)]
    [InlineData(-4)]
    [InlineData(-12)]
    [InlineData(-0x7FFFFFF8)]
    [InlineData(-4096)]
    [InlineData(88)]
    public void A_cell_of_a_size_that_cannot_be_is_refused_by_name(int size)
    {
        byte[] hive = Sample(out Places at);
        BinaryPrimitives.WriteInt32LittleEndian(hive.AsSpan(4096 + (int)at.Child), size);
        using RegistryHive open = Open(hive);
        DiskFormatException met = Assert.Throws<DiskFormatException>(() => open.Root.FindSubKey("Child"));
        Assert.Equal(HiveFormat.KeyNodeName, met.Structure);
        Assert.Equal(4096 + at.Child, met.Offset);
        Everything(hive);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(int.MinValue)]
    [InlineData(-4092)]
    [InlineData(12)]
    public void A_search_for_room_ends_at_a_cell_of_a_size_that_cannot_be(int size)
    {
        byte[] hive = Sample(out _);
        int free = FindFree(hive);
        BinaryPrimitives.WriteInt32LittleEndian(hive.AsSpan(free), size);
        using var open = RegistryHive.Open(new MemoryFile(hive), [], HiveWriteTests.Writing());
        DiskFormatException met = Assert.Throws<DiskFormatException>(() => open.Root.SetValue("x", 3, new byte[2000]));
        Assert.Equal(free, met.Offset);
        Assert.Throws<InvalidOperationException>(open.Commit);
    }

    [Fact]
    public void A_key_that_lists_itself_ends_every_walk()
    {
        byte[] hive = Sample(out Places at);
        Put(hive, at.ChildList + 4 + 4, at.Child);
        Everything(hive);
        using RegistryHive open = Open(hive);
        Assert.Throws<DiskFormatException>(() => open.Find("Child")!.SubKeys.ToArray());
        Assert.Throws<DiskFormatException>(() => Drain(open.Walk()));
        using var writable = RegistryHive.Open(new MemoryFile([.. hive]), [], HiveWriteTests.Writing());
        Assert.Throws<DiskFormatException>(() => writable.Root.DeleteSubKey("Child"));
    }

    [Fact]
    public void Keys_that_share_what_is_under_them_cost_no_more_than_the_hive_has_room_for()
    {
        // Each of 30 keys lists the next one eight times: 8^30 paths.
        MemoryFile file = HiveWriteTests.Create(hive =>
        {
            RegistryKey key = hive.Root;
            for (int i = 0; i < 30; i++)
            {
                RegistryKey next = key.CreateSubKey("0");
                for (int j = 1; j < 8; j++)
                {
                    key.CreateSubKey($"{j}");
                }

                key = next;
            }
        });
        byte[] bytes = file.ToArray();
        using (RegistryHive hive = Open(bytes))
        {
            for (RegistryKey? key = hive.Root; key is { } parent; key = parent.FindSubKey("0"))
            {
                if (parent.FindSubKey("0") is { } child)
                {
                    for (int i = 0; i < 8; i++)
                    {
                        Put(bytes, parent.Node.SubKeyList + 4 + 4 + (uint)(i * 8), child.Offset);
                    }
                }
            }
        }

        using RegistryHive hostile = Open(bytes);
        Assert.Equal(DiskFormatDefect.Inconsistent, Assert.Throws<DiskFormatException>(() => Drain(hostile.Walk())).Defect);
        Assert.Throws<DiskFormatException>(() => HiveModel.Of(hostile.Root));
    }

    [Theory]
    [InlineData(KeyNode.SubKeyCountAt, 0xFFFFFFFF)]
    [InlineData(KeyNode.SubKeyCountAt, 3)]
    [InlineData(KeyNode.ValueCountAt, 0x40000000)]
    [InlineData(KeyNode.ValueCountAt, 0xFFFFFFFF)]
    [InlineData(KeyNode.ValueListAt, 0xFFFFFFFF)]
    [InlineData(KeyNode.SubKeyListAt, 0xFFFFFFFF)]
    [InlineData(KeyNode.SubKeyListAt, 0xFFFFFFF8)]
    [InlineData(KeyNode.SecurityAt, 0x20)]
    [InlineData(KeyNode.NameLengthAt, 0xFFFF)]
    public void A_field_of_a_key_that_cannot_be_is_a_named_failure(int field, uint value)
    {
        byte[] hive = Sample(out Places at);
        if (field == KeyNode.NameLengthAt)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(hive.AsSpan(4096 + (int)at.Child + 4 + field), (ushort)value);
        }
        else
        {
            Put(hive, at.Child + 4 + (uint)field, value);
        }

        using RegistryHive open = Open(hive);
        Assert.Throws<DiskFormatException>(() =>
        {
            Drain(open.Walk());
            HiveModel.Of(open.Root);
        });
        Everything(hive);
    }

    [Theory]
    [InlineData(0x7FFFFFFF)]
    [InlineData(0x80000005)]
    [InlineData(0xFFFFFFFF)]
    [InlineData(30000)]
    [InlineData(101)]
    public void A_value_greater_than_its_cells_is_a_named_failure(uint size)
    {
        byte[] hive = Sample(out Places at);
        Put(hive, at.Value + 4 + ValueNode.DataSizeAt, size);
        using RegistryHive open = Open(hive);
        DiskFormatException met = Assert.Throws<DiskFormatException>(() => open.Find("Child")!.FindValue("v"));
        Assert.True(met.Offset > 4096);
        Everything(hive);
    }

    [Fact]
    public void Big_data_whose_segments_are_one_cell_is_bounded_by_the_hive()
    {
        MemoryFile file = HiveWriteTests.Create(hive => hive.Root.SetValue("v", 3, new byte[40000]));
        byte[] bytes = file.ToArray();
        using (RegistryHive hive = Open(bytes))
        {
            int list = RegistryKey.OpenValueList(hive.Cells, hive.Root.Node, out _);
            uint value = hive.Cells.Pages.ReadUInt32(list);
            Put(bytes, value + 4 + ValueNode.DataSizeAt, 65535u * 16344u);
        }

        using RegistryHive hostile = Open(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<DiskFormatException>(() => hostile.Root.FindValue("v"));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void An_index_root_under_an_index_root_is_refused()
    {
        MemoryFile file = HiveWriteTests.Create(hive =>
        {
            for (int i = 0; i < 1100; i++)
            {
                hive.Root.CreateSubKey($"{i:D5}");
            }
        });
        byte[] bytes = file.ToArray();
        uint root;
        using (RegistryHive hive = Open(bytes))
        {
            root = hive.Root.Node.SubKeyList;
            Assert.Equal(HiveFormat.Ri, hive.Cells.Pages.ReadUInt16((int)root + 4));
        }

        Put(bytes, root + 4 + 4, root);
        using RegistryHive hostile = Open(bytes);
        Assert.Equal(DiskFormatDefect.WrongSignature, Assert.Throws<DiskFormatException>(() => hostile.Root.FindSubKey("x")).Defect);
    }

    [Fact]
    public void A_ring_of_security_cells_that_never_closes_ends_the_search()
    {
        MemoryFile file = HiveWriteTests.Create(hive =>
        {
            hive.Create("A").SetSecurityDescriptor(RandomEdits.Descriptor(1));
            hive.Create("B").SetSecurityDescriptor(RandomEdits.Descriptor(2));
        });
        byte[] bytes = file.ToArray();
        using (RegistryHive hive = Open(bytes))
        {
            // B's cell leads to itself, and the root's to B's.
            uint b = hive.Find("B")!.Node.Security;
            Put(bytes, b + 4 + SecurityCell.NextAt, b);
            Put(bytes, hive.Root.Node.Security + 4 + SecurityCell.NextAt, b);
        }

        using var hostile = RegistryHive.Open(new MemoryFile(bytes), [], HiveWriteTests.Writing());
        DiskFormatException met = Assert.Throws<DiskFormatException>(() => hostile.Root.SetSecurityDescriptor(RandomEdits.Descriptor(4)));
        Assert.Equal(HiveFormat.SecurityName, met.Structure);
    }

    [Fact]
    public void A_cell_inside_a_cell_is_met_when_both_become_free()
    {
        // Found by fuzzing: the index of free cells lost its footing.
        var runs = new FreeRuns();
        runs.Add(64, 64);
        Assert.Throws<DiskFormatException>(() => runs.Add(64, 32));
        Assert.Throws<DiskFormatException>(() => runs.Add(96, 32));
        Assert.True(runs.TryTake(8, out int start, out int size));
        Assert.Equal((64, 64), (start, size));
        Assert.False(runs.TryTake(8, out _, out _));
    }

    [Fact]
    public void A_torn_hive_with_a_defect_is_not_written()
    {
        byte[] hive = Corpora.Read("hives/regipy/SECURITY.gz");
        using (RegistryHive open = Open(hive))
        {
            Put(hive, open.Root.SubKeys.First().Offset + 4 + KeyNode.ValueListAt, 8);
            Put(hive, open.Root.SubKeys.First().Offset + 4 + KeyNode.ValueCountAt, 1);
        }

        Assert.Throws<DiskFormatException>(() => RegistryHive.Open(new MemoryFile(hive), [], HiveWriteTests.Writing()));
        using RegistryHive readable = Open(hive);
        Assert.True(readable.IsTorn);
    }

    [Fact]
    public void A_hive_that_is_disposed_gives_no_bytes_of_others()
    {
        RegistryHive open = Open(Sample(out _));
        RegistryKey key = open.Root;
        open.Dispose();
        open.Dispose();
        Assert.ThrowsAny<Exception>(() => key.Name);
    }

    [Fact]
    public void A_time_out_of_the_calendar_reads_as_its_last()
    {
        byte[] hive = Sample(out Places at);
        hive.AsSpan(4096 + (int)at.Child + 4 + KeyNode.LastWrittenAt, 8).Fill(0x7F);
        using RegistryHive open = Open(hive);
        Assert.Equal(9999, open.Find("Child")!.LastWritten.Year);
    }

    private static byte[] Sample(out Places at)
    {
        byte[] bytes = HiveWriteTests.Create(hive =>
        {
            RegistryKey child = hive.Create("Child");
            child.CreateSubKey("A");
            child.CreateSubKey("B");
            child.SetValue("v", 3, new byte[100]);
        }).ToArray();
        using RegistryHive open = Open(bytes);
        RegistryKey key = open.Find("Child")!;
        int list = RegistryKey.OpenValueList(open.Cells, key.Node, out _);
        at = new Places(key.Offset, key.Node.SubKeyList, open.Cells.Pages.ReadUInt32(list));
        return bytes;
    }

    private static int FindFree(byte[] hive)
    {
        int cell = 4096 + 32;
        for (int size = BinaryPrimitives.ReadInt32LittleEndian(hive.AsSpan(cell)); size < 0; size = BinaryPrimitives.ReadInt32LittleEndian(hive.AsSpan(cell)))
        {
            cell -= size;
        }

        return cell;
    }

    // Whatever is done with a damaged hive, only the one kind of failure comes out.
    private static void Everything(byte[] hive)
    {
        try
        {
            using var open = RegistryHive.Open(new MemoryFile([.. hive]), [], HiveWriteTests.Writing());
            Drain(open.Walk());
            open.Root.DeleteSubKey("Child");
            open.Commit();
        }
        catch (DiskFormatException)
        {
            return;
        }
    }

    private static void Drain(RegistryWalker walker)
    {
        while (walker.Read())
        {
            if (walker.IsValue)
            {
                _ = walker.Data.Length;
            }
            else
            {
                _ = walker.Key.GetSecurityDescriptor();
            }
        }
    }

    private static RegistryHive Open(byte[] hive) => RegistryHive.Open(new MemoryFile(hive), [], ReadOnly);

    private static DiskFormatException Refused(byte[] hive)
    {
        DiskFormatException refused = Assert.Throws<DiskFormatException>(() => Open(hive));
        Assert.NotEmpty(refused.Structure);
        return refused;
    }

    private static byte[] Patched(byte[] hive, int field, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(hive.AsSpan(field), value);
        return HiveWriteTests.Sealed(hive);
    }

    private static void Put(byte[] hive, uint offset, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(hive.AsSpan(4096 + (int)offset), value);

    private sealed record Places(uint Child, uint ChildList, uint Value);
}
