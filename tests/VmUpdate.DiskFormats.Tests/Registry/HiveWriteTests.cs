using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>What is written is there after the hive is opened afresh, and nothing else changed.</summary>
public sealed class HiveWriteTests
{
    private static readonly DateTime Start = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void An_empty_hive_has_a_root_with_security()
    {
        MemoryFile file = Create(_ => { }, rootName: "CMI-CreateHive");
        using RegistryHive hive = Open(file);
        Assert.Equal("CMI-CreateHive", hive.Root.Name);
        Assert.Equal(DefaultSecurity.Descriptor.ToArray(), hive.Root.GetSecurityDescriptor());
        Assert.Equal(Start, hive.Root.LastWritten);
        Assert.Equal(5, hive.MinorVersion);
        Assert.False(hive.IsTorn);
        Assert.Equal(2 * 4096, file.Length);
        Assert.Empty(HiveChecker.Check(file.ToArray()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(16344)]
    [InlineData(16345)]
    [InlineData(40000)]
    [InlineData(1_500_000)]
    public void A_value_of_any_size_reads_back(int size)
    {
        byte[] data = new byte[size];
        new Random(size).NextBytes(data);
        MemoryFile file = Create(hive => hive.Create(@"A\B").SetValue("Big", 3, data));
        using RegistryHive hive = Open(file);
        RegistryValue value = hive.Find(@"a\b")!.FindValue("BIG")!;
        Assert.Equal("Big", value.Name);
        Assert.Equal(data, value.Data);
        Assert.Empty(HiveChecker.Check(file.ToArray()));
    }

    [Fact]
    public void Big_data_is_refused_by_a_hive_that_does_not_know_it_and_nothing_is_written()
    {
        var file = new MemoryFile(Corpora.Read("hives/plaso/regf_100_sub_keys.hiv.gz"));
        byte[] before = file.ToArray();
        using (RegistryHive hive = OpenForWriting(file))
        {
            DiskFormatException refused = Assert.Throws<DiskFormatException>(() => hive.Root.SetValue("x", 3, new byte[16345]));
            Assert.Equal(DiskFormatDefect.NotSupported, refused.Defect);
            hive.Commit();
        }

        Assert.Equal(before, file.ToArray());
    }

    [Fact]
    public void Nothing_is_written_when_nothing_changed()
    {
        MemoryFile file = Create(hive => hive.Create("A").SetValue("v", 1, "text"u8));
        byte[] before = file.ToArray();
        long written = file.BytesWritten;
        using (RegistryHive hive = OpenForWriting(file))
        {
            hive.Create("a").SetValue("V", 1, "text"u8);
            hive.Root.DeleteSubKey("absent");
            hive.Root.DeleteValue("absent");
            hive.Find("A")!.SetClassName(string.Empty);
            hive.Root.SetSecurityDescriptor(DefaultSecurity.Descriptor);
            hive.Commit();
        }

        Assert.Equal(written, file.BytesWritten);
        Assert.Equal(before, file.ToArray());
    }

    [Fact]
    public void What_was_not_committed_is_not_written()
    {
        MemoryFile file = Create(_ => { });
        byte[] before = file.ToArray();
        using (RegistryHive hive = OpenForWriting(file))
        {
            hive.Create("A");
        }

        Assert.Equal(before, file.ToArray());
    }

    [Fact]
    public void A_change_of_one_value_in_a_great_hive_writes_a_few_pages()
    {
        var file = new MemoryFile(Corpora.Read("hives/plaso/SOFTWARE.gz"));
        using (RegistryHive hive = OpenForWriting(file))
        {
            hive.Find(@"Microsoft\Cryptography")!.SetValue("MachineGuid", 1, new byte[74]);
            hive.Find(@"Microsoft\Windows\CurrentVersion\WindowsUpdate")!.SetValue("SusClientId", 1, new byte[100]);
            hive.Commit();
        }

        Assert.True(file.BytesWritten <= (8 * 4096) + 1024, $"{file.BytesWritten} bytes were written.");
        Assert.True(file.BytesRead < 4 * 1024 * 1024, $"{file.BytesRead} bytes were read.");
    }

    [Fact]
    public void Sequence_numbers_and_time_rise_with_each_commit()
    {
        MemoryFile file = Create(_ => { });
        using RegistryHive hive = OpenForWriting(file);
        for (int i = 0; i < 3; i++)
        {
            var before = new HiveBaseBlock(file.ToArray()[..512]);
            hive.Create($"k{i}");
            hive.Commit();
            var after = new HiveBaseBlock(file.ToArray()[..512]);
            Assert.True(after.HasValidChecksum);
            Assert.Equal(before.Sequence1 + 1, after.Sequence1);
            Assert.Equal(after.Sequence1, after.Sequence2);
            Assert.NotEqual(before.LastWritten, after.LastWritten);
        }
    }

    [Fact]
    public void The_first_sequence_number_is_above_every_entry_of_the_logs()
    {
        var file = new MemoryFile(Corpora.Read("hives/regipy/NTUSER.DAT.gz"));
        var log = new MemoryFile(Corpora.Read("hives/regipy/UsrClass.dat.LOG2.gz"));
        byte[] old = file.ToArray();
        old[4] = old[8] = 200;
        old[5] = old[9] = 0;
        file = new MemoryFile(Sealed(old));
        using (var hive = RegistryHive.Open(file, [MemoryFile.Empty, log], Writing()))
        {
            hive.Root.SetValue("x", 1, "1"u8);
            hive.Commit();
        }

        Assert.Equal(301u, new HiveBaseBlock(file.ToArray()[..512]).Sequence1);
    }

    [Fact]
    public void Pending_log_entries_are_written_with_the_commit()
    {
        var file = new MemoryFile(Corpora.Read("hives/regipy/UsrClass.dat.gz"));
        var log1 = new MemoryFile(Corpora.Read("hives/regipy/UsrClass.dat.LOG1.gz"));
        var log2 = new MemoryFile(Corpora.Read("hives/regipy/UsrClass.dat.LOG2.gz"));
        HiveModel expected;
        using (var hive = RegistryHive.Open(file, [log1, log2], Writing()))
        {
            expected = HiveModel.Of(hive.Root);
            hive.Commit();
            Assert.Equal(0, file.BytesWritten);
            hive.Root.SetValue("x", 4, new byte[4]);
            expected.Values.Add("x", (4, new byte[4]));
            hive.Commit();
        }

        using RegistryHive fresh = Open(file);
        Assert.False(fresh.IsTorn);
        HiveModel.Same(expected, HiveModel.Of(fresh.Root));
        Assert.Equal(301u, new HiveBaseBlock(file.ToArray()[..512]).Sequence1);
    }

    [Fact]
    public void Subkeys_are_found_and_sorted_among_thousands()
    {
        string[] names = [.. Enumerable.Range(0, 5000).Select(i => $"{(i * 7919) % 5000:D5} key")];
        MemoryFile file = Create(hive =>
        {
            RegistryKey key = hive.Create("Many");
            foreach (string name in names)
            {
                key.CreateSubKey(name).SetValue(string.Empty, 1, "x"u8);
            }
        });
        Assert.Empty(HiveChecker.Check(file.ToArray()));
        using (RegistryHive hive = OpenForWriting(file))
        {
            RegistryKey key = hive.Find("many")!;
            Assert.Equal(names.Order(StringComparer.Ordinal), key.SubKeys.Select(child => child.Name));
            Assert.NotNull(key.FindSubKey("04999 KEY"));
            foreach (string name in names.Skip(3))
            {
                key.DeleteSubKey(name);
            }

            hive.Commit();
        }

        Assert.Empty(HiveChecker.Check(file.ToArray()));
        using RegistryHive fresh = Open(file);
        Assert.Equal(names.Take(3).Order(StringComparer.Ordinal), fresh.Find("Many")!.SubKeys.Select(child => child.Name));
    }

    [Fact]
    public void Deleting_all_gives_all_room_back()
    {
        MemoryFile file = Create(hive =>
        {
            for (int i = 0; i < 300; i++)
            {
                hive.Create($@"A\{i}\x\y").SetValue("v", 3, new byte[i * 100]);
            }
        });
        long grown = file.Length;
        using (RegistryHive hive = OpenForWriting(file))
        {
            hive.Root.DeleteSubKey("a");
            for (int i = 0; i < 300; i++)
            {
                hive.Create($@"A\{i}\x\y").SetValue("v", 3, new byte[i * 100]);
            }

            hive.Commit();
        }

        Assert.Equal(grown, file.Length);
        Assert.Empty(HiveChecker.Check(file.ToArray()));
    }

    [Fact]
    public void A_deleted_value_leaves_nothing_of_itself_in_the_file()
    {
        byte[] secret = "a secret that must not stay behind"u8.ToArray();
        MemoryFile file = Create(hive => hive.Create("A").SetValue("password", 3, secret));
        Assert.True(file.ToArray().AsSpan().IndexOf(secret) > 0);
        using (RegistryHive hive = OpenForWriting(file))
        {
            hive.Find("A")!.DeleteValue("password");
            hive.Commit();
        }

        Assert.True(file.ToArray().AsSpan().IndexOf(secret) < 0);
        Assert.True(file.ToArray().AsSpan().IndexOf("password"u8) < 0);
    }

    [Fact]
    public void A_security_descriptor_is_shared_and_goes_with_its_last_key()
    {
        byte[] other = RandomEdits.Descriptor(3);
        MemoryFile file = Create(hive =>
        {
            hive.Create("A").SetSecurityDescriptor(other);
            hive.Create("B").SetSecurityDescriptor(other);
        });
        Assert.Empty(HiveChecker.Check(file.ToArray()));
        using (RegistryHive hive = OpenForWriting(file))
        {
            Assert.Equal(hive.Find("A")!.Node.Security, hive.Find("B")!.Node.Security);
            Assert.NotEqual(hive.Root.Node.Security, hive.Find("B")!.Node.Security);
            hive.Root.DeleteSubKey("A");
            hive.Find("B")!.SetSecurityDescriptor(DefaultSecurity.Descriptor);
            hive.Commit();
        }

        Assert.Empty(HiveChecker.Check(file.ToArray()));
    }

    [Fact]
    public void Names_out_of_the_rules_are_refused()
    {
        Create(hive =>
        {
            Assert.Throws<DiskFormatException>(() => hive.Root.CreateSubKey(string.Empty));
            Assert.Throws<DiskFormatException>(() => hive.Root.CreateSubKey(@"a\b"));
            Assert.Throws<DiskFormatException>(() => hive.Root.CreateSubKey(new string('x', 256)));
            Assert.Throws<DiskFormatException>(() => hive.Root.SetValue(new string('x', 16384), 1, []));
            Assert.Throws<DiskFormatException>(() => hive.Root.SetSecurityDescriptor(new byte[20]));
            hive.Root.CreateSubKey(new string('x', 255));
            hive.Root.SetValue(new string('x', 16383), 1, []);
        });
    }

    [Fact]
    public void Keys_may_lie_512_deep_and_no_deeper()
    {
        MemoryFile file = Create(hive =>
        {
            RegistryKey key = hive.Create(string.Join('\\', Enumerable.Repeat("k", 512)));
            Assert.Equal(DiskFormatDefect.LimitExceeded, Assert.Throws<DiskFormatException>(() => key.CreateSubKey("k")).Defect);
        });
        using RegistryHive hive = Open(file);
        Assert.Equal(513, HiveDigest.Of(hive).Keys);
    }

    [Fact]
    public void A_hive_opened_for_reading_takes_no_change()
    {
        MemoryFile file = Create(_ => { });
        using RegistryHive hive = Open(file);
        Assert.Throws<InvalidOperationException>(() => hive.Root.SetValue("x", 1, []));
        Assert.Throws<InvalidOperationException>(hive.Commit);
    }

    [Fact]
    public void A_torn_hive_is_written_when_a_walk_meets_no_defect()
    {
        var file = new MemoryFile(Corpora.Read("hives/regipy/SECURITY.gz"));
        using (RegistryHive hive = OpenForWriting(file))
        {
            Assert.True(hive.IsTorn);
            hive.Root.SetValue("x", 1, "1"u8);
            hive.Commit();
        }

        using RegistryHive fresh = Open(file);
        Assert.False(fresh.IsTorn);
        Assert.Equal((100, 110), (HiveDigest.Of(fresh).Keys, HiveDigest.Of(fresh).Values));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_changes_of_a_new_hive_read_back(int seed)
    {
        var model = new HiveModel { Security = DefaultSecurity.Descriptor.ToArray() };
        MemoryFile file = Create(_ => { });
        var edits = new RandomEdits(seed, bigData: true);
        for (int round = 0; round < 8; round++)
        {
            using (RegistryHive hive = OpenForWriting(file))
            {
                edits.Apply(hive.Root, model, 150);
                hive.Commit();
                edits.Apply(hive.Root, model, 50);
                hive.Commit();
            }

            using RegistryHive fresh = Open(file);
            HiveModel.Same(model, HiveModel.Of(fresh.Root));
            Assert.Empty(HiveChecker.Check(file.ToArray()));
        }
    }

    [Theory]
    [InlineData("plaso/NTUSER-WIN7.DAT", 11)]
    [InlineData("plaso/regf_100_sub_keys.hiv", 12)]
    [InlineData("regipy/BCD", 13)]
    [InlineData("plaso/winreg_win10-Amcache.hve", 14)]
    [InlineData("pyreg/UNICODE_TESTS", 15)]
    [InlineData("regipy/SAM", 16)]
    public void Random_changes_of_a_real_hive_leave_the_rest_as_it_was(string name, int seed)
    {
        byte[] original = Corpora.Read($"hives/{name}.gz");
        var file = new MemoryFile(original);
        IReadOnlyList<uint> lost = HiveChecker.Check(file.ToArray());
        using (RegistryHive hive = OpenForWriting(file))
        {
            HiveModel model = HiveModel.Of(hive.Root);
            new RandomEdits(seed, bigData: hive.MinorVersion >= 4).Apply(hive.Root, model, 400);
            hive.Commit();
            using RegistryHive fresh = Open(file);
            HiveModel.Same(model, HiveModel.Of(fresh.Root));
        }

        Assert.Equal(lost, HiveChecker.Check(file.ToArray()));
    }

    [Theory]
    [InlineData("hives/plaso/SOFTWARE.gz")]
    [InlineData("hives/regipy/UsrClass.dat.gz")]
    public void What_former_writers_left_in_free_cells_is_wiped_and_nothing_else_changes(string name)
    {
        byte[] original = Corpora.Read(name);
        var file = new MemoryFile([.. original, .. "left behind the hive's end"u8]);
        HiveDigest before;
        using (RegistryHive hive = OpenForWriting(file))
        {
            before = HiveDigest.Of(hive);
            hive.WipeFreeCells();
            hive.Commit();
        }

        using RegistryHive wiped = Open(file);
        Assert.Equal(before, HiveDigest.Of(wiped));
        byte[] bytes = file.ToArray();
        Assert.True(bytes.AsSpan().IndexOf("left behind the hive's end"u8) < 0);
        Assert.True(FreeBytes(original).Any(part => part != 0), "the test itself: a hive without remains shows nothing");
        Assert.DoesNotContain(FreeBytes(bytes), part => part != 0);
    }

    private static IEnumerable<byte> FreeBytes(byte[] hive)
    {
        int end = 4096 + BitConverter.ToInt32(hive, 40);
        for (int bin = 4096; bin < end; bin += BitConverter.ToInt32(hive, bin + 8))
        {
            for (int cell = bin + 32; cell < bin + BitConverter.ToInt32(hive, bin + 8); cell += Math.Abs(BitConverter.ToInt32(hive, cell)))
            {
                int size = BitConverter.ToInt32(hive, cell);
                for (int at = cell + 4; size > 0 && at < cell + size; at++)
                {
                    yield return hive[at];
                }
            }
        }
    }

    internal static RegistryOpenOptions Writing(bool log = false)
    {
        int ticks = 0;
        return new RegistryOpenOptions { Writable = true, WriteLog = log, UtcNow = () => Start.AddSeconds(++ticks) };
    }

    internal static MemoryFile Create(Action<RegistryHive> fill, string rootName = "ROOT")
    {
        MemoryFile file = MemoryFile.Empty;
        using var hive = RegistryHive.CreateEmpty(file, new RegistryCreateOptions { RootName = rootName, UtcNow = () => Start });
        fill(hive);
        hive.Commit();
        return file;
    }

    internal static byte[] Sealed(byte[] hive)
    {
        var block = new HiveBaseBlock(hive[..512]);
        block.Seal().CopyTo(hive);
        return hive;
    }

    private static RegistryHive Open(MemoryFile file) => RegistryHive.Open(file, [], new RegistryOpenOptions());

    private static RegistryHive OpenForWriting(MemoryFile file) => RegistryHive.Open(file, [], Writing());
}
