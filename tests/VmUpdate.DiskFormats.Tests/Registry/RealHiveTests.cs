using System.Security.Cryptography;
using System.Text.RegularExpressions;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>Hives that Windows wrote read as other programs read them.</summary>
public sealed partial class RealHiveTests
{
    private static readonly RegistryOpenOptions ReadOnly = new();

    public static TheoryData<string> Names =>
    [
        "plaso/NTUSER-RunTests.DAT", "plaso/NTUSER-WIN7.DAT", "plaso/NTUSER.DAT", "plaso/SOFTWARE", "plaso/SYSTEM",
        "plaso/regf_100_sub_keys.hiv", "plaso/winreg_win10-Amcache.hve", "pyreg/REORGANIZED_VALUES_TESTS", "pyreg/UNICODE_TESTS",
        "pyreg/issue22.hive", "regipy/BCD", "regipy/NTUSER-WSL.DAT", "regipy/NTUSER.DAT", "regipy/SAM", "regipy/SECURITY",
        "regipy/SYSTEM", "regipy/SYSTEM_WIN_10_1709",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Keys_and_values_are_those_that_hivex_reads(string name)
    {
        Match expected = Expected().Match(ManifestRow(name));
        Assert.True(expected.Success);
        using var hive = RegistryHive.Open(new MemoryFile(Corpora.Read($"hives/{name}.gz")), [], ReadOnly);

        var found = HiveDigest.Of(hive);

        Assert.Equal($"{expected.Groups[1].Value} {expected.Groups[2].Value} {expected.Groups[3].Value}", $"{found.Keys} {found.Values} {found.Digest}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Going_through_keys_one_by_one_meets_what_the_walker_meets(string name)
    {
        using var hive = RegistryHive.Open(new MemoryFile(Corpora.Read($"hives/{name}.gz")), [], ReadOnly);
        (int keys, int values) = Count(hive.Root);
        var walked = HiveDigest.Of(hive);
        Assert.Equal((walked.Keys, walked.Values), (keys, values));
    }

    [Theory]
    [InlineData("regipy/SECURITY")]
    [InlineData("regipy/SYSTEM_WIN_10_1709")]
    public void A_dirty_hive_without_logs_is_read_and_says_so(string name)
    {
        using var hive = RegistryHive.Open(new MemoryFile(Corpora.Read($"hives/{name}.gz")), [], ReadOnly);
        Assert.True(hive.IsTorn);
        Assert.False(hive.WasReplayed);
    }

    [Fact]
    public void Two_logs_are_replayed_one_behind_the_other()
    {
        using RegistryHive hive = OpenUsrClass();

        Assert.True(hive.WasReplayed);
        Assert.False(hive.IsTorn);
        Assert.Equal(2830336, hive.Cells.Pages.Length);
        string hash = Convert.ToHexStringLower(SHA256.HashData(hive.Cells.Pages.Read(0, hive.Cells.Pages.Length)));
        Assert.Equal("ecc04a58aa3d2467871e80e393eb8469a5fdd425f37fc88f55308efc2f384930", hash);
        var found = HiveDigest.Of(hive);
        Assert.Equal((6238, 12531), (found.Keys, found.Values));
    }

    [Fact]
    public void The_order_in_which_the_logs_are_named_does_not_matter()
    {
        using RegistryHive hive = OpenUsrClass(swapLogs: true);
        var found = HiveDigest.Of(hive);
        Assert.Equal((6238, 12531), (found.Keys, found.Values));
    }

    [Fact]
    public void A_hive_with_a_wrong_checksum_is_recovered_from_its_logs()
    {
        using RegistryHive hive = OpenUsrClass(damage: bytes => bytes[20] ^= 0xFF);
        var found = HiveDigest.Of(hive);
        Assert.Equal((6238, 12531), (found.Keys, found.Values));
    }

    [Fact]
    public void An_entry_with_a_wrong_hash_ends_the_replay()
    {
        // The second log's first entry is 291; without it the second log does not follow the first.
        using RegistryHive hive = OpenUsrClass(damageSecondLog: bytes => bytes[512 + 100] ^= 1);
        using RegistryHive first = OpenUsrClass(withSecondLog: false);
        Assert.Equal(HiveDigest.Of(first), HiveDigest.Of(hive));
        Assert.True(hive.WasReplayed);
    }

    [Fact]
    public void The_second_log_alone_is_replayed()
    {
        byte[] bytes = Corpora.Read("hives/regipy/UsrClass.dat.gz");
        byte[] log = Corpora.Read("hives/regipy/UsrClass.dat.LOG2.gz");
        using var hive = RegistryHive.Open(new MemoryFile(bytes), [MemoryFile.Empty, new MemoryFile(log)], ReadOnly);
        Assert.True(hive.WasReplayed);
    }

    [Fact]
    public void Replaying_in_memory_writes_nothing()
    {
        byte[] bytes = Corpora.Read("hives/regipy/UsrClass.dat.gz");
        var file = new MemoryFile(bytes);
        var log = new MemoryFile(Corpora.Read("hives/regipy/UsrClass.dat.LOG1.gz"));
        using (var hive = RegistryHive.Open(file, [log], ReadOnly))
        {
            Assert.True(hive.WasReplayed);
        }

        Assert.Equal(0, file.BytesWritten + log.BytesWritten);
    }

    [Fact]
    public void A_look_up_reads_only_the_few_pages_it_needs()
    {
        var file = new MemoryFile(Corpora.Read("hives/plaso/SOFTWARE.gz"));
        using var hive = RegistryHive.Open(file, [], ReadOnly);
        RegistryKey key = hive.Find(@"Microsoft\Windows NT\CurrentVersion")!;
        foreach (string name in new[] { "ProductName", "CurrentBuild", "BuildLab", "InstallDate", "ProductId", "RegisteredOwner", "SystemRoot" })
        {
            Assert.NotNull(key.FindValue(name));
        }

        Assert.True(file.BytesRead < 256 * 1024, $"{file.BytesRead} bytes were read.");
    }

    [Fact]
    public void A_walk_allocates_next_to_nothing()
    {
        var file = new MemoryFile(Corpora.Read("hives/plaso/SOFTWARE.gz"));
        using var hive = RegistryHive.Open(file, [], ReadOnly);
        Walk(hive);
        long before = GC.GetAllocatedBytesForCurrentThread();
        (long text, _) = Walk(hive);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < text / 4, $"{allocated} bytes were allocated for {text} bytes of text.");
    }

    private static (long Text, long Data) Walk(RegistryHive hive)
    {
        long text = 0;
        long data = 0;
        RegistryWalker walker = hive.Walk();
        while (walker.Read())
        {
            text += walker.Name.Length * 2;
            data += walker.IsValue ? walker.Data.Length : 0;
        }

        return (text, data);
    }

    private static (int Keys, int Values) Count(RegistryKey key)
    {
        int keys = 1;
        int values = key.Values.Count();
        foreach (RegistryKey child in key.SubKeys)
        {
            (int k, int v) = Count(child);
            keys += k;
            values += v;
        }

        return (keys, values);
    }

    private static RegistryHive OpenUsrClass(
        bool swapLogs = false, bool withSecondLog = true, Action<byte[]>? damage = null, Action<byte[]>? damageSecondLog = null)
    {
        byte[] bytes = Corpora.Read("hives/regipy/UsrClass.dat.gz");
        damage?.Invoke(bytes);
        byte[] second = Corpora.Read("hives/regipy/UsrClass.dat.LOG2.gz");
        damageSecondLog?.Invoke(second);
        var log1 = new MemoryFile(Corpora.Read("hives/regipy/UsrClass.dat.LOG1.gz"));
        var log2 = new MemoryFile(withSecondLog ? second : []);
        return RegistryHive.Open(new MemoryFile(bytes), swapLogs ? [log2, log1] : [log1, log2], ReadOnly);
    }

    private static string ManifestRow(string name) =>
        File.ReadLines(Corpora.PathOf("MANIFEST.tsv")).Single(line => line.StartsWith($"hives/{name}.gz\t", StringComparison.Ordinal));

    [GeneratedRegex(@"hivex keys=(\d+) values=(\d+) digest=([0-9a-f]{16})")]
    private static partial Regex Expected();
}
