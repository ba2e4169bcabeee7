using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Tests.Identity.Exports;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

/// <summary>The prepared pairs on the way back and through an export; what was sealed anew is opened by programs that share no code with the product.</summary>
[Trait("Kind", "Judge")]
public sealed partial class PairJudgeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task On_the_way_back_the_newest_secret_and_the_blobs_of_both_disks_open()
    {
        (string oldPath, string masterPath, JsonDocument expected) = Unpack("pair2", "pair2-old-mid", "pair2-old-base");
        using SealedWorld world = await SealedWorld.AdoptAsync(oldPath);
        PooledVmUpdateResult forth = await world.World.UpdateAsync(masterPath, new SwapOptions { LeaveOut = ["static-addresses"] }, vm: world.Vm);
        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (forth.State, forth.Error));
        string newer = await world.DiskAsync();
        SealedWorld.Change(newer, disk =>
        {
            SealedWorld.Rotate(disk, "the first secret after the swap", DateTime.UtcNow);
            SealedWorld.Rotate(disk, "the second secret after the swap", DateTime.UtcNow);
        });

        PooledVmUpdateResult back = await world.RestoreAsync();

        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (back.State, back.Error));
        string result = await world.DiskAsync();
        (string system, string security) = Hives(result);
        Assert.Equal("the second secret after the swap", Encoding.Unicode.GetString(PasswordIn(SecretJudge.SecretsDump(system, security))));
        JsonElement states = SecretJudge.Read(system, security).GetProperty("secrets").GetProperty("$MACHINE.ACC");
        Assert.Equal(Hash("the second secret after the swap"), states.GetProperty("CurrVal").GetString());
        Assert.Equal(Hash("the first secret after the swap"), states.GetProperty("OldVal").GetString());

        int opened = 0;
        foreach (JsonElement item in Items(expected, "dpapi-blobs").Concat(Items(expected, "configmgr")))
        {
            foreach ((string disk, string side) in new[] { (oldPath, "old"), (newer, "result") })
            {
                if (item.TryGetProperty(side, out JsonElement facts) && facts.ValueKind == JsonValueKind.Object
                    && facts.TryGetProperty("dpapi_blob", out JsonElement blob))
                {
                    Assert.Equal(blob.GetProperty("plain_sha256").GetString(), Open(disk, item.GetProperty("path").GetString()!, blob, result, system, security));
                    opened++;
                }
            }
        }

        Assert.Equal(8, opened);
    }

    [Theory]
    [InlineData("pair", DpapiMode.Replace)]
    [InlineData("pair2", DpapiMode.Rewrap)]
    public async Task Through_an_export_the_secrets_open_under_the_new_disks_own_keys(string pair, DpapiMode mode)
    {
        (string oldPath, string masterPath, JsonDocument expected) = Unpack(pair, pair == "pair2" ? ["pair2-old-mid", "pair2-old-base"] : []);
        using SealedWorld world = await SealedWorld.AdoptAsync(oldPath);
        using ExportKey key = ExportFileTests.ByPassphrase("correct horse battery");
        IdentityExportResult export = await world.Exchange.ExportAsync(world.Selected, world.PathOf("exports"), key, [], CancellationToken.None);
        Assert.InRange(new FileInfo(export.Path).Length, 1, 2 << 20);
        File.Delete(await world.DiskAsync());

        IdentityImportResult import = await world.Exchange.ImportAsync(
            world.Selected,
            export.Path,
            key,
            new IdentityImportOptions { MasterPath = masterPath, DiskPath = world.PathOf("new.vhdx"), Dpapi = mode, LeaveOut = ["static-addresses"] },
            CancellationToken.None);

        (string system, string security) = Hives(import.DiskPath);
        JsonElement read = SecretJudge.Read(system, security).GetProperty("secrets");
        foreach (JsonElement item in Items(expected, "domain-trust").Concat(Items(expected, "dpapi-system")).Where(item => item.GetProperty("kind").GetString() == "secret"))
        {
            Assert.Equal(
                item.GetProperty("result").GetProperty("plain_sha256").GetString(),
                read.GetProperty(item.GetProperty("name").GetString()!).GetProperty(item.GetProperty("part").GetString()!).GetString());
        }

        Assert.Equal(
            Items(expected, "domain-trust")[0].GetProperty("result").GetProperty("plain_sha256").GetString(),
            Convert.ToHexStringLower(SHA256.HashData(PasswordIn(SecretJudge.SecretsDump(system, security)))));
    }

    public void Dispose() => _folder.Dispose();

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.Unicode.GetBytes(text)));

    private static byte[] PasswordIn(string dump) => Convert.FromHexString(MachinePassword().Match(dump).Groups[1].Value);

    private static List<JsonElement> Items(JsonDocument expected, string set) => expected.RootElement.GetProperty("sets").EnumerateArray()
        .Where(each => each.GetProperty("set").GetString() == set).SelectMany(each => each.GetProperty("items").EnumerateArray()).ToList();

    private (string Old, string Master, JsonDocument Expected) Unpack(string pair, params string[] more)
    {
        foreach (string disk in more)
        {
            Corpora.Open($"vhdx/{disk}.vhdx.gz", _folder);
        }

        return (
            Corpora.Open($"vhdx/{pair}-old.vhdx.gz", _folder),
            Corpora.Open($"vhdx/{pair}-master.vhdx.gz", _folder),
            JsonDocument.Parse(File.ReadAllBytes(Corpora.PathOf($"vhdx/{pair}-expected.json"))));
    }

    private string Open(string disk, string path, JsonElement blob, string result, string system, string security)
    {
        string guid = blob.GetProperty("master_key").GetString()!;
        string keyFile = SealedWorld.Look(result, found =>
        {
            NtfsEntry entry = Core.Identity.Secrets.MasterKeyStore.Enumerate(found).Single(key => key.Path.Name == guid);
            return Extract(found, entry.Path.ToString());
        });
        string blobFile = SealedWorld.Look(disk, found => Extract(found, path));
        string plain = DecryptedKey().Match(SecretJudge.MasterKey(keyFile, system, security)).Groups[1].Value;
        return SecretJudge.Blob(blobFile, blob.GetProperty("offset").GetInt32(), plain);
    }

    private (string System, string Security) Hives(string path) => SealedWorld.Look(path, disk =>
        (Extract(disk, "Windows/System32/config/SYSTEM"), Extract(disk, "Windows/System32/config/SECURITY")));

    private string Extract(GuestDisk disk, string path)
    {
        string folder = _folder.File(Guid.NewGuid().ToString("N"));
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
