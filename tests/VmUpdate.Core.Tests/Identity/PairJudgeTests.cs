using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

/// <summary>The prepared pairs of real disks, judged by programs that are not ours: ntfs-3g's and hivex.</summary>
[Trait("Kind", "Judge")]
public sealed class PairJudgeTests
{
    [Theory]
    [InlineData("pair")]
    [InlineData("pair2")]
    public void Other_programs_read_the_expected_identity_and_find_all_else_as_the_master_has_it(string pair)
    {
        Judges.Require("ntfs-3g");
        using PairSwap swap = PairSwap.Run(pair, PairSwapTests.OptionsOf(pair, UserDataMode.Always));
        (long offset, long length) = swap.WindowsVolume();
        using var master = new JudgedVolume(swap.MasterPath, null, offset, length);
        using var result = new JudgedVolume(swap.ChildPath, swap.MasterPath, offset, length);
        JudgedVolume.AssertRuns("ntfsfix", "-n", result.Volume);
        if (pair == "pair")
        {
            // It knows volumes with records of 1024 bytes only.
            JudgedVolume.AssertRuns("ntfsresize", "--info", "--force", "--no-progress-bar", result.Volume);
        }

        foreach (ExpectedItem item in ExpectedItem.Of(swap.Expected, swap.Plan, [], "user-data").Where(item => item.Kind == "file"))
        {
            string path = result.PathOf(item.Place);
            item.AssertBytes(File.Exists(path) ? File.ReadAllBytes(path) : null);
        }

        AssertFiles(swap, master, result);
        AssertValues(swap, master, result);
    }

    private static void AssertFiles(PairSwap swap, JudgedVolume master, JudgedVolume result)
    {
        Dictionary<string, string> found = result.Files();
        string[] hives = ["SYSTEM", "SOFTWARE", "SECURITY"];
        var changed = new HashSet<string>(hives.Select(hive => $@"Windows\System32\config\{hive}")) { string.Empty }; // the root has no name
        Assert.DoesNotContain(
            DiskContents.Differences(master.Files(), found), file => !changed.Contains(file) && !swap.Touches(file));
        foreach (ManifestItem item in swap.Manifest.Items.Where(item => item is { File: not null, Action: ManifestAction.Write }))
        {
            Assert.EndsWith(Convert.ToHexStringLower(item.File!.SecurityDescriptor), found[item.Path], StringComparison.Ordinal);
            Assert.True(item.IsSecret || item.File.Streams.Count == 0 || found[item.Path].StartsWith(item.File.Streams[0].Hash, StringComparison.Ordinal));
        }
    }

    private static void AssertValues(PairSwap swap, JudgedVolume master, JudgedVolume result)
    {
        foreach (string hive in new[] { "SYSTEM", "SOFTWARE", "SECURITY", "SAM" })
        {
            Dictionary<string, string> found = result.Values(hive);
            HiveName name = Enum.Parse<HiveName>(hive, ignoreCase: true);
            Assert.DoesNotContain(DiskContents.Differences(master.Values(hive), found), place => !swap.Touches(name, place));
            foreach (ExpectedItem item in ExpectedItem.Of(swap.Expected, swap.Plan, [], "user-data").Where(item => item.Hive == hive))
            {
                item.AssertHivexml(found.GetValueOrDefault($"{item.Place} : {item.Value}"));
            }
        }
    }
}
