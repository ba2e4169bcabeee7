using System.Text.Json;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Registry;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

/// <summary>The sets that hang on sealed things, on the prepared pairs. <see cref="SealedPairJudgeTests"/> asks other programs.</summary>
public sealed class SealedPairTests(SwappedPairs swapped, SecondPair second) : IClassFixture<SwappedPairs>, IClassFixture<SecondPair>
{
    private static readonly string[] SealedSets = ["domain-name", "domain-trust", "configmgr", "dpapi-system"];

    [Theory]
    [InlineData("pair", 23)]
    [InlineData("pair2", 30)]
    public void Trust_DPAPI_and_ConfigMgr_are_what_was_expected(string pair, int items)
    {
        PairSwap swap = swapped[pair];

        Assert.All(SealedSets, set => Assert.Equal(SetOutcome.Carried, swap.Plan.Decisions.Single(decision => decision.Set == set).Outcome));
        int looked = 0;
        foreach (JsonElement item in SealedSets.Concat(["windows-update", "dpapi-blobs"]).SelectMany(set => ItemsOf(swap, set)))
        {
            AssertResult(swap.Result, item);
            looked++;
        }

        Assert.Equal(items, looked);
    }

    [Theory]
    [InlineData("pair")]
    [InlineData("pair2")]
    public void All_else_in_the_hives_and_folders_of_secrets_is_the_masters(string pair)
    {
        PairSwap swap = swapped[pair];
        string[] keys = swap.Manifest.Items.Where(item => item.Hive == HiveName.Security && item.File is null).Select(item => item.Path).ToArray();

        List<string> differences = DiskContents.Differences(
            DiskContents.Values(swap.Master, HiveName.Security), DiskContents.Values(swap.Result, HiveName.Security));

        Assert.NotEmpty(differences);
        Assert.All(differences, place => Assert.Contains(keys, key => place.StartsWith(key, StringComparison.OrdinalIgnoreCase)));
        Assert.Empty(DiskContents.Differences(DiskContents.Values(swap.Master, HiveName.Sam), DiskContents.Values(swap.Result, HiveName.Sam)));
        List<string> files = DiskContents.Differences(DiskContents.Files(swap.Master), DiskContents.Files(swap.Result));
        HashSet<string> meant = new(
            swap.Manifest.Items.SelectMany(item => new[] { item.Path, item.Name }), StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain(files, file => !meant.Contains(file));
    }

    [Fact]
    public void The_secrets_key_tree_has_the_times_and_the_security_of_the_old_disks()
    {
        PairSwap swap = swapped.Second;
        const string path = "Policy\\Secrets\\$MACHINE.ACC";

        RegistryKey old = second.Old.OpenHive(HiveName.Security).Find(path)!;
        RegistryKey result = swap.Result.OpenHive(HiveName.Security).Find(path)!;

        Assert.Equal(old.GetSecurityDescriptor(), result.GetSecurityDescriptor());
        Assert.Equal(old.SubKeys.Select(key => key.Name).Order(), result.SubKeys.Select(key => key.Name).Order());
        foreach (RegistryKey key in old.SubKeys)
        {
            RegistryKey copy = result.FindSubKey(key.Name)!;
            Assert.Equal(key.ClassName, copy.ClassName);
            Assert.Equal(key.GetSecurityDescriptor(), copy.GetSecurityDescriptor());
            RegistryValue before = Assert.Single(key.Values);
            RegistryValue after = Assert.Single(copy.Values);
            Assert.Equal(before.Type, after.Type);
            if (key.Name is "CurrVal" or "OldVal")
            {
                Assert.Equal(before.Data.Length, after.Data.Length);
                Assert.NotEqual(before.Data, after.Data);
            }
            else
            {
                Assert.Equal(before.Data, after.Data);
            }
        }
    }

    [Fact]
    public void Replacing_DPAPI_SYSTEM_says_what_stops_opening()
    {
        IdentityPlan plan = new IdentityTransfer(IdentityCatalogue.LoadBuiltIn())
            .Plan(second.Old, second.Master, SwappedPairs.Options(DpapiMode.Replace));

        string warning = Assert.Single(plan.Warnings, warning => warning.Contains("stop opening", StringComparison.Ordinal));
        Assert.Contains("a5739b89-ef1f-0f48-39bb-2b2d4ad5ce9e", warning, StringComparison.Ordinal);
        Assert.Contains("ebb234a9-8444-0c26-cadf-76095a85c76c", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Master_keys_that_do_not_open_end_the_plan_with_their_path()
    {
        var failure = Assert.Throws<IdentityException>(() => PairSwap.Run("pair", SwappedPairs.Options(DpapiMode.Rewrap)));

        Assert.Equal(IdentityFailure.MasterKeyUnreadable, failure.Failure);
        Assert.Contains("85be8d2c-4b6a-e41d-65bb-d4779f8b2462", failure.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<JsonElement> ItemsOf(PairSwap swap, string set) =>
        swap.Expected.RootElement.GetProperty("sets").EnumerateArray().Any(each => each.GetProperty("set").GetString() == set)
            ? SealedPairJudgeTests.Items(swap, set) : [];

    private static void AssertResult(GuestDisk disk, JsonElement item)
    {
        JsonElement expected = item.GetProperty("result");
        switch (SealedPairJudgeTests.KindOf(item))
        {
            case "value":
                RegistryValue? value = disk.OpenHive(Enum.Parse<HiveName>(item.GetProperty("hive").GetString()!, ignoreCase: true))
                    .Find(item.GetProperty("key").GetString()!)?.FindValue(item.GetProperty("value").GetString()!);
                Expect(item, expected).AssertBytes(value?.Data);
                break;
            case "file" or "master-key":
                var path = GuestPath.Parse(item.GetProperty("path").GetString()!);
                byte[]? bytes = disk.Volume.Find(path) is null ? null : PairDisks.Read(disk, path);
                if (expected.ValueKind == JsonValueKind.Null || expected.TryGetProperty("sha256", out _))
                {
                    Expect(item, expected).AssertBytes(bytes);
                }
                else
                {
                    Assert.Equal(item.GetProperty("old").GetProperty("length").GetInt32(), bytes!.Length); // a key sealed anew: the judges open it
                }

                if (expected.ValueKind == JsonValueKind.Object && expected.TryGetProperty("security_descriptor", out JsonElement security))
                {
                    Assert.Equal(security.GetString(), Convert.ToHexStringLower(disk.Volume.GetSecurityDescriptor(path)));
                }

                break;
        }
    }

    private static ExpectedItem Expect(JsonElement item, JsonElement expected) =>
        new(string.Empty, SealedPairJudgeTests.KindOf(item), string.Empty, item.ToString(), string.Empty, expected);
}
