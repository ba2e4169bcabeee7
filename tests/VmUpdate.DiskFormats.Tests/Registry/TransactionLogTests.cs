using System.Buffers.Binary;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>Logs laid out by hand, as the description of their forms has them.</summary>
public sealed class TransactionLogTests
{
    [Fact]
    public void Marvin32_gives_the_hashes_that_Windows_wrote()
    {
        byte[] log = Corpora.Read("hives/regipy/UsrClass.dat.LOG1.gz");
        Span<byte> entry = log.AsSpan(512, BinaryPrimitives.ReadInt32LittleEndian(log.AsSpan(516)));
        Assert.Equal(BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]), Marvin32.Hash(entry[40..]));
        Assert.Equal(BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]), Marvin32.Hash(entry[..32]));
    }

    [Fact]
    public void A_real_log_of_the_older_form_is_known_as_one()
    {
        var log = TransactionLog.TryOpen(new MemoryFile(Corpora.Read("hives/plaso/ntuser.dat.LOG.gz")));
        Assert.NotNull(log);
        Assert.False(log.IsNewForm);

        // It was cut off behind its dirty vector, so it has no page to give.
        using var pages = new HivePages(new MemoryFile(new byte[4096 + 233472]), 233472);
        Assert.False(log.TryApplyDirtyVector(pages));
        Assert.Equal(0, pages.CountDirty());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_dirty_vector_is_replayed_sector_by_sector(bool damagedBaseBlock)
    {
        (byte[] before, byte[] after) = TwoHives();
        byte[] log = DirtyVectorLog(before, after);
        byte[] dirty = Dirty(before, after);
        if (damagedBaseBlock)
        {
            // The first bin's copy of the time then says which write the log belongs to.
            after.AsSpan(12, 8).CopyTo(dirty.AsSpan(4096 + HiveBin.LastWrittenOffset));
            dirty[100] ^= 1;
        }

        using var hive = RegistryHive.Open(new MemoryFile(dirty), [new MemoryFile(log)], new RegistryOpenOptions());

        Assert.True(hive.WasReplayed);
        Same(after, hive);
    }

    [Fact]
    public void A_dirty_vector_of_another_write_is_left_alone()
    {
        (byte[] before, byte[] after) = TwoHives();
        byte[] log = DirtyVectorLog(before, after);
        log[12] ^= 1;
        new HiveBaseBlock(log[..512]).Seal().CopyTo(log);

        using var hive = RegistryHive.Open(new MemoryFile(Dirty(before, after)), [new MemoryFile(log)], new RegistryOpenOptions());

        Assert.False(hive.WasReplayed);
        Assert.True(hive.IsTorn);
    }

    [Fact]
    public void Logs_beside_a_clean_hive_are_not_replayed()
    {
        (byte[] before, byte[] after) = TwoHives();
        using var hive = RegistryHive.Open(new MemoryFile(before), [new MemoryFile(DirtyVectorLog(before, after))], new RegistryOpenOptions());
        Assert.False(hive.WasReplayed);
        Same(before, hive);
    }

    [Fact]
    public void An_entry_that_claims_a_hive_greater_than_its_pages_is_not_replayed()
    {
        (byte[] before, byte[] after) = TwoHives();
        byte[] log = EntryLog(after, sequence: 50, binsSize: 0x7FFFF000);
        using var hive = RegistryHive.Open(new MemoryFile(Dirty(before, after)), [new MemoryFile(log)], new RegistryOpenOptions());
        Assert.False(hive.WasReplayed);
    }

    [Fact]
    public void The_size_of_the_hive_bins_comes_from_the_last_entry()
    {
        (byte[] before, byte[] after) = TwoHives();
        Assert.True(after.Length > before.Length);
        byte[] log = EntryLog(after, sequence: 50, binsSize: after.Length - 4096);
        using var hive = RegistryHive.Open(new MemoryFile(Dirty(before, before)), [new MemoryFile(log)], new RegistryOpenOptions());
        Assert.True(hive.WasReplayed);
        Same(after, hive);
    }

    [Fact]
    public void An_entry_below_the_sequence_number_of_the_hive_is_an_old_one()
    {
        (byte[] before, byte[] after) = TwoHives();
        byte[] dirty = Dirty(before, before);
        uint sequence = new HiveBaseBlock(dirty[..512]).Sequence1;
        byte[] log = EntryLog(after, sequence - 1, after.Length - 4096);
        using var hive = RegistryHive.Open(new MemoryFile(dirty), [new MemoryFile(log)], new RegistryOpenOptions());
        Assert.False(hive.WasReplayed);
        Assert.True(hive.IsTorn);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_log_is_written_in_the_form_it_has(bool oldForm)
    {
        (byte[] before, byte[] after) = TwoHives();
        byte[] existing = oldForm ? DirtyVectorLog(before, after) : EntryLog(after, 7, after.Length - 4096);
        var log = new MemoryFile(existing);
        using (var hive = RegistryHive.Open(new MemoryFile(before), [log], HiveWriteTests.Writing(log: true)))
        {
            hive.Root.SetValue("x", 1, "1"u8);
            hive.Commit();
        }

        var block = new HiveBaseBlock(log.ToArray()[..512]);
        Assert.True(block.HasValidChecksum);
        Assert.Equal(oldForm ? HiveBaseBlock.TypeOldLog : HiveBaseBlock.TypeNewLog, block.Type);
        Assert.Equal(oldForm ? "DIRT"u8.ToArray() : "HvLE"u8.ToArray(), log.ToArray()[512..516]);
    }

    private static void Same(byte[] expected, RegistryHive actual)
    {
        using var hive = RegistryHive.Open(new MemoryFile(expected), [], new RegistryOpenOptions());
        HiveModel.Same(HiveModel.Of(hive.Root), HiveModel.Of(actual.Root));
    }

    private static (byte[] Before, byte[] After) TwoHives()
    {
        MemoryFile file = HiveWriteTests.Create(hive => hive.Create(@"A\B").SetValue("v", 3, new byte[3000]));
        byte[] before = file.ToArray();
        using var open = RegistryHive.Open(file, [], HiveWriteTests.Writing());
        open.Find("A")!.SetValue("new", 3, new byte[6000]);
        open.Find(@"A\B")!.SetValue("v", 1, "changed"u8);
        open.Commit();
        return (before, file.ToArray());
    }

    // The base block of the write that began, over the pages from before it.
    private static byte[] Dirty(byte[] pages, byte[] written)
    {
        byte[] dirty = [.. pages];
        var block = new HiveBaseBlock(written[..512]) { HiveBinsSize = (uint)pages.Length - 4096 };
        block.Sequence2 = block.Sequence1 - 1;
        block.Seal().CopyTo(dirty);
        return dirty;
    }

    private static byte[] DirtyVectorLog(byte[] before, byte[] after)
    {
        byte[] head = [.. after[..512]];
        var block = new HiveBaseBlock(head) { Type = HiveBaseBlock.TypeOldLog };
        block.Seal();
        int sectors = (after.Length - 4096) / 512;
        byte[] vector = new byte[((4 + (sectors / 8)) + 511) / 512 * 512];
        "DIRT"u8.CopyTo(vector);
        List<byte> pages = [];
        for (int i = 0; i < sectors; i++)
        {
            int at = 4096 + (i * 512);
            bool same = at < before.Length && before.AsSpan(at, 512).SequenceEqual(after.AsSpan(at, 512));
            if (!same)
            {
                vector[4 + (i / 8)] |= (byte)(1 << (i % 8));
                pages.AddRange(after.AsSpan(at, 512));
            }
        }

        return [.. head, .. vector, .. pages];
    }

    private static byte[] EntryLog(byte[] after, uint sequence, int binsSize)
    {
        byte[] head = [.. after[..512]];
        var block = new HiveBaseBlock(head) { Type = HiveBaseBlock.TypeNewLog, Sequence1 = sequence, Sequence2 = sequence };
        block.Seal();

        // One reference for all pages: a reference may be of any multiple of 512 bytes.
        int size = after.Length - 4096;
        byte[] entry = new byte[(48 + size + 511) / 512 * 512];
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(44), size);
        after.AsSpan(4096).CopyTo(entry.AsSpan(48));
        LogEntry.Seal(entry, sequence, binsSize, 1);
        return [.. head, .. entry];
    }
}
