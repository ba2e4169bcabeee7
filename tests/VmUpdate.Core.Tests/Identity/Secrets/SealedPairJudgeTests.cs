using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

/// <summary>What was sealed anew for the new disk opens there with programs that share no code with the product.</summary>
[Trait("Kind", "Judge")]
public sealed partial class SealedPairJudgeTests(SwappedPairs swapped, SecondPair pair)
    : IClassFixture<SwappedPairs>, IClassFixture<SecondPair>, IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("pair")]
    [InlineData("pair2")]
    public void Both_states_of_the_machine_secret_open_under_the_results_own_keys(string name)
    {
        PairSwap swap = swapped[name];
        (string system, string security) = Hives(swap.Result);

        JsonElement read = SecretJudge.Read(system, security).GetProperty("secrets");
        string dump = SecretJudge.SecretsDump(system, security);

        foreach (JsonElement item in Items(swap, "domain-trust").Concat(Items(swap, "dpapi-system")).Where(item => KindOf(item) == "secret"))
        {
            string expected = item.GetProperty("result").GetProperty("plain_sha256").GetString()!;
            JsonElement states = read.GetProperty(item.GetProperty("name").GetString()!);
            Assert.Equal(expected, states.GetProperty(item.GetProperty("part").GetString()!).GetString());
        }

        string password = MachinePassword().Match(dump).Groups[1].Value;
        Assert.Equal(
            Items(swap, "domain-trust").First(item => KindOf(item) == "secret").GetProperty("result").GetProperty("plain_sha256").GetString(),
            Convert.ToHexStringLower(SHA256.HashData(Convert.FromHexString(password))));
        if (name == "pair2")
        {
            JsonElement halves = swap.Expected.RootElement.GetProperty("dpapi_system").GetProperty("master");
            Assert.Contains($"dpapi_machinekey:0x{halves.GetProperty("machine").GetString()}", dump, StringComparison.Ordinal);
            Assert.Contains($"dpapi_userkey:0x{halves.GetProperty("user").GetString()}", dump, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_master_key_of_either_disk_opens_on_the_result_and_so_does_the_backup_key_in_its_file()
    {
        PairSwap swap = swapped.Second;
        (string system, string security) = Hives(swap.Result);
        List<JsonElement> keys = Items(swap, "dpapi-system").Where(item => KindOf(item) == "master-key").ToList();
        string[] files = keys.Select(item => Extract(swap.Result, PathOf(item))).ToArray();

        JsonElement read = SecretJudge.Read(system, security, files.SelectMany(file => new[] { "--key", file }).ToArray()).GetProperty("keys");

        Assert.Equal(5, keys.Count);
        for (int index = 0; index < keys.Count; index++)
        {
            string expected = keys[index].GetProperty("plain_sha256").GetString()!;
            string part = keys[index].GetProperty("part").GetString()!;
            JsonElement found = read.GetProperty(keys[index].GetProperty("guid").GetString()!);
            Assert.Equal(expected, found.GetProperty("master_sha256").GetString());
            Assert.Equal(part, found.GetProperty("part").GetString());
            Assert.Equal(64, found.GetProperty("backup_sha256").GetString()!.Length);

            string impacket = SecretJudge.MasterKey(files[index], system, security);
            Assert.Contains(part == "machine" ? "with MachineKey" : "with UserKey", impacket, StringComparison.Ordinal);
            Assert.Equal(expected, Convert.ToHexStringLower(SHA256.HashData(Convert.FromHexString(DecryptedKey().Match(impacket).Groups[1].Value))));
        }
    }

    [Fact]
    public void The_backup_keys_are_those_of_the_old_disk()
    {
        PairSwap swap = swapped.Second;
        (string system, string security) = Hives(swap.Result);
        string oldSystem = Extract(pair.Old, "Windows/System32/config/SYSTEM");
        string oldSecurity = Extract(pair.Old, "Windows/System32/config/SECURITY");
        foreach (JsonElement item in Items(swap, "dpapi-system").Where(item => KindOf(item) == "master-key" && IsOnOld(item)))
        {
            string guid = item.GetProperty("guid").GetString()!;
            JsonElement before = SecretJudge.Read(oldSystem, oldSecurity, "--key", Extract(pair.Old, PathOf(item))).GetProperty("keys").GetProperty(guid);
            JsonElement after = SecretJudge.Read(system, security, "--key", Extract(swap.Result, PathOf(item))).GetProperty("keys").GetProperty(guid);
            foreach (string part in new[] { "master_sha256", "backup_sha256", "rest_sha256" })
            {
                Assert.Equal(before.GetProperty(part).GetString(), after.GetProperty(part).GetString());
            }
        }
    }

    [Fact]
    public void Blobs_of_both_disks_open_with_the_results_master_keys()
    {
        PairSwap swap = swapped.Second;
        (string system, string security) = Hives(swap.Result);
        var opened = 0;
        foreach (JsonElement item in Items(swap, "dpapi-blobs").Concat(Items(swap, "configmgr")))
        {
            foreach ((GuestDisk disk, string side) in new[] { (pair.Old, "old"), (swap.Result, "result") })
            {
                if (!item.TryGetProperty(side, out JsonElement facts) || facts.ValueKind != JsonValueKind.Object
                    || !facts.TryGetProperty("dpapi_blob", out JsonElement blob))
                {
                    continue;
                }

                string guid = blob.GetProperty("master_key").GetString()!;
                NtfsEntry key = Core.Identity.Secrets.MasterKeyStore.Enumerate(swap.Result).Single(entry => entry.Path.Name == guid);
                string impacket = SecretJudge.MasterKey(Extract(swap.Result, key.Path.ToString()), system, security);
                string plain = SecretJudge.Blob(
                    Extract(disk, PathOf(item)), blob.GetProperty("offset").GetInt32(), DecryptedKey().Match(impacket).Groups[1].Value);
                Assert.Equal(blob.GetProperty("plain_sha256").GetString(), plain);
                opened++;
            }
        }

        Assert.Equal(8, opened); // two blobs of each disk, and two containers of the old one as they were and as they were carried
    }

    public void Dispose() => _folder.Dispose();

    internal static List<JsonElement> Items(PairSwap swap, string set) => swap.Expected.RootElement.GetProperty("sets").EnumerateArray()
        .Single(each => each.GetProperty("set").GetString() == set).GetProperty("items").EnumerateArray().ToList();

    internal static string KindOf(JsonElement item) => item.GetProperty("kind").GetString()!;

    private static bool IsOnOld(JsonElement item) => item.GetProperty("old").ValueKind != JsonValueKind.Null;

    private static string PathOf(JsonElement item) => item.GetProperty("path").GetString()!;

    private (string System, string Security) Hives(GuestDisk disk) =>
        (Extract(disk, "Windows/System32/config/SYSTEM"), Extract(disk, "Windows/System32/config/SECURITY"));

    private string Extract(GuestDisk disk, string path)
    {
        string folder = Path.Combine(_folder.Path, Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        string target = Path.Combine(folder, GuestPath.Parse(path).Name);
        File.WriteAllBytes(target, PairDisks.Read(disk, GuestPath.Parse(path)));
        return target;
    }

    [GeneratedRegex(@"\$MACHINE\.ACC:plain_password_hex:([0-9a-f]+)")]
    private static partial Regex MachinePassword();

    [GeneratedRegex(@"Decrypted key: 0x([0-9a-f]+)")]
    private static partial Regex DecryptedKey();
}
