using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>What is written is there after the hive is opened afresh, and nothing else changed.</summary>
public sealed partial class HiveWriteTests
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
