using System.Text.RegularExpressions;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>Hives written here read, to the last value, the same with programs that nobody here wrote.</summary>
[Trait("Kind", "Judge")]
public sealed partial class HiveJudgeTests
{
    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public void A_hive_made_from_empty_is_read_by_others(int seed)
    {
        MemoryFile file = HiveWriteTests.Create(_ => { });
        var model = new HiveModel { Security = DefaultSecurity.Descriptor.ToArray() };
        Edit(file, new RandomEdits(seed, bigData: true), model, 1200);
        Judge(file.ToArray());
    }

    [Fact]
    public void Thousands_of_subkeys_are_read_by_others() => Judge(HiveWriteTests.Create(hive =>
    {
        RegistryKey key = hive.Create("Many");
        for (int i = 0; i < 4000; i++)
        {
            key.CreateSubKey($"{(i * 7919) % 4000:D5}");
        }
    }).ToArray());

    [Theory]
    [InlineData("plaso/NTUSER-WIN7.DAT", 31)]
    [InlineData("plaso/regf_100_sub_keys.hiv", 32)]
    [InlineData("plaso/winreg_win10-Amcache.hve", 33)]
    [InlineData("regipy/SYSTEM", 34)]
    [InlineData("regipy/SECURITY", 35)]
    public void A_real_hive_with_changes_is_read_by_others(string name, int seed)
    {
        var file = new MemoryFile(Corpora.Read($"hives/{name}.gz"));
        using (var hive = RegistryHive.Open(file, [], new RegistryOpenOptions()))
        {
            HiveModel model = HiveModel.Of(hive.Root);
            bool bigData = hive.MinorVersion >= 4;
            Edit(file, new RandomEdits(seed, bigData), model, 500);
        }

        Judge(file.ToArray());
    }

    [Fact]
    public void Big_data_that_another_program_laid_out_reads_back()
    {
        Judges.Require("hivexml");
        using var folder = new TempFolder();
        string path = folder.File("BIG");
        (int exit, string output) = Judges.Run(Judges.Python, Judges.Oracle("dbhive.py"), path);
        Assert.True(exit == 0, output);
        using var hive = RegistryHive.Open(new MemoryFile(File.ReadAllBytes(path)), [], new RegistryOpenOptions());
        Assert.Equal(File.ReadAllBytes(path + ".data"), hive.Root.FindValue("Big")!.Data);
    }

    private static void Edit(MemoryFile file, RandomEdits edits, HiveModel model, int count)
    {
        using var hive = RegistryHive.Open(file, [], HiveWriteTests.Writing());
        edits.Apply(hive.Root, model, count);
        hive.Commit();
        using var fresh = RegistryHive.Open(file, [], new RegistryOpenOptions());
        HiveModel.Same(model, HiveModel.Of(fresh.Root));
    }

    private static void Judge(byte[] hive)
    {
        Judges.Require("hivexml");
        Judges.Require("reglookup");
        HiveDigest ours;
        using (var open = RegistryHive.Open(new MemoryFile(hive), [], new RegistryOpenOptions()))
        {
            ours = HiveDigest.Of(open);
        }

        using var folder = new TempFolder();
        string path = folder.File("hive");
        File.WriteAllBytes(path, hive);
        (int exit, string output) = Judges.Run(Judges.Python, Judges.Oracle("hive_oracle.py"), path);
        Assert.True(exit == 0, output);
        Match hivex = Hivex().Match(output);
        Assert.True(hivex.Success, output);
        Assert.Equal(
            $"{ours.Keys} {ours.Values} {ours.Digest}", $"{hivex.Groups[1].Value} {hivex.Groups[2].Value} {hivex.Groups[3].Value}");
        Assert.Contains($"libregf=({ours.Keys}, {ours.Values})", output, StringComparison.Ordinal);
        Assert.Contains("dirty=clean", output, StringComparison.Ordinal);
        Assert.Contains("cks=ok", output, StringComparison.Ordinal);
        (exit, output) = Judges.Run("hivexml", path);
        Assert.True(exit == 0, output[..Math.Min(output.Length, 2000)]);
        (exit, output) = Judges.Run("reglookup", "-s", path);
        Assert.True(exit == 0, output[..Math.Min(output.Length, 2000)]);
    }

    [GeneratedRegex(@"hivex=\((\d+), (\d+), '([0-9a-f]{16})'")]
    private static partial Regex Hivex();
}
