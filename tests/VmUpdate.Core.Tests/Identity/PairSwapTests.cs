using System.Text;
using System.Text.Json;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

/// <summary>The prepared pairs of real disks: what our own readers see. <see cref="PairJudgeTests"/> asks other programs.</summary>
public sealed class PairSwapTests
{
    private const string UsrClass = "Users/*/AppData/Local/Microsoft/Windows/UsrClass.dat*";

    [Theory]
    [InlineData("pair", UserDataMode.Never, null)]
    [InlineData("pair", UserDataMode.Always, null)]
    [InlineData("pair2", UserDataMode.Never, null)]
    [InlineData("pair2", UserDataMode.Always, null)]
    [InlineData("pair2", UserDataMode.Always, UsrClass)]
    public void The_result_is_what_was_expected_and_all_else_is_the_masters(string pair, UserDataMode userData, string? pattern)
    {
        using PairSwap swap = PairSwap.Run(pair, OptionsOf(pair, userData, pattern is null ? [] : [pattern]));

        AssertExpected(swap, [], userData == UserDataMode.Never ? null : pattern is null ? "user-data" : "user-data-usrclass");
    }

    [Theory]
    [InlineData("pair")]
    [InlineData("pair2")]
    public void The_result_without_trust_is_what_was_expected(string pair)
    {
        string[] off = ["domain-trust", "domain-name", "dpapi-system", "configmgr"];
        using PairSwap swap = PairSwap.Run(pair, SwapOfIdentity.With(leaveOut: ["static-addresses"]), WithoutSets(off));

        AssertExpected(swap, off, null);
    }

    [Theory]
    [InlineData("pair")]
    [InlineData("pair2")]
    public void The_plan_says_of_each_set_what_becomes_of_it(string pair)
    {
        using PairSwap swap = PairSwap.Run(pair, OptionsOf(pair, UserDataMode.Never));
        Dictionary<string, SetOutcome> outcomes = swap.Plan.Decisions.ToDictionary(decision => decision.Set, decision => decision.Outcome);

        string[] carried = ["computer-name", "domain-name", "domain-trust", "machine-guid", "sqm-machine-id", "windows-update", "dhcpv6-duid"];
        string[] left = ["mounted-devices", "software-distribution", "wmi-repository", "user-data"];
        Assert.All(carried, set => Assert.Equal(SetOutcome.Carried, outcomes[set]));
        Assert.All(left, set => Assert.Equal(SetOutcome.NotCarried, outcomes[set]));
        Assert.Equal(pair == "pair2" ? SetOutcome.Carried : SetOutcome.Kept, outcomes["machine-key-names"]);
        Assert.Equal(pair == "pair" ? SetOutcome.Stripped : SetOutcome.Absent, outcomes["defender-for-endpoint"]);
        Assert.Equal(swap.Master.MachineSid, swap.Plan.Master.SharedMachineSid);
        Assert.Equal(7601, swap.Result.WindowsBuild);
    }

    /// <summary>The first pair's master keys are made up, so DPAPI_SYSTEM can only be replaced there.</summary>
    internal static IdentityOptions OptionsOf(string pair, UserDataMode userData, params string[] patterns) => SwapOfIdentity.With(
        userData, patterns, limit: 1 << 24, dpapi: pair == "pair" ? DpapiMode.Replace : DpapiMode.Rewrap,
        leaveOut: ["static-addresses"]);

    private static IdentityCatalogue WithoutSets(string[] off) => IdentityCatalogue.Load(off.Select(set =>
    {
        string file = Path.Combine(RepositoryRoot.Path, "src", "VmUpdate.Core", "Identity", "Catalogue", set + ".json");
        string text = File.ReadAllText(file);
        return (set + ".json", Encoding.UTF8.GetBytes(text.Insert(text.IndexOf('{', StringComparison.Ordinal) + 1, "\"enabled\": false,")));
    }).ToList());

    private static void AssertExpected(PairSwap swap, string[] off, string? asked)
    {
        foreach (ExpectedItem item in ExpectedItem.Of(swap.Expected, swap.Plan, off, asked))
        {
            item.AssertBytes(item.Kind == "value" ? Value(swap.Result, item) : FileBytes(swap.Result, item.Place));
            AssertSecurity(swap.Result, item);
        }

        List<string> files = DiskContents.Differences(DiskContents.Files(swap.Master), DiskContents.Files(swap.Result));
        Assert.DoesNotContain(files, file => !swap.Touches(file));
        foreach (HiveName hive in new[] { HiveName.System, HiveName.Software, HiveName.Security, HiveName.Sam })
        {
            List<string> values = DiskContents.Differences(DiskContents.Values(swap.Master, hive), DiskContents.Values(swap.Result, hive));
            Assert.DoesNotContain(values, place => !swap.Touches(hive, place));
        }
    }

    private static byte[]? Value(GuestDisk disk, ExpectedItem item) =>
        disk.OpenHive(Enum.Parse<HiveName>(item.Hive, ignoreCase: true)).Find(item.Place)?.FindValue(item.Value)?.Data;

    private static byte[]? FileBytes(GuestDisk disk, string path)
    {
        if (disk.Volume.Find(GuestPath.Parse(path)) is null)
        {
            return null;
        }

        using IBlockFile file = disk.Volume.OpenStream(GuestPath.Parse(path));
        byte[] bytes = new byte[file.Length];
        file.ReadAt(0, bytes);
        return bytes;
    }

    private static void AssertSecurity(GuestDisk disk, ExpectedItem item)
    {
        if (item.Kind == "file" && item.Expected.ValueKind == JsonValueKind.Object
            && item.Expected.TryGetProperty("security_descriptor", out JsonElement security))
        {
            Assert.Equal(security.GetString(), Convert.ToHexStringLower(disk.Volume.GetSecurityDescriptor(GuestPath.Parse(item.Place))));
        }
    }
}
