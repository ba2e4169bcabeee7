using System.Security.Cryptography;
using System.Text.Json;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Leaks;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

/// <summary>The secrets of disks that a program made which shares no code with the product.</summary>
public sealed class PairSecretsTests(FirstPair first, SecondPair second) : IClassFixture<FirstPair>, IClassFixture<SecondPair>
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_secret_of_both_disks_is_what_it_should_be(int number)
    {
        PairDisks pair = Pair(number);
        foreach ((GuestDisk disk, string side) in new[] { (pair.Old, "old"), (pair.Master, "master") })
        {
            using GuestSecrets secrets = GuestSecrets.Open(disk);
            IEnumerable<JsonElement> items = pair.Items("domain-trust").Concat(pair.Items("dpapi-system"))
                .Where(item => item.GetProperty("kind").GetString() == "secret");
            int looked = 0;
            foreach (JsonElement item in items)
            {
                string name = item.GetProperty("name").GetString()!;
                LsaSecretPart part = Enum.Parse<LsaSecretPart>(item.GetProperty("part").GetString()!);
                using SecretBuffer? secret = secrets.Read(name, part);
                JsonElement expected = item.GetProperty(side);
                Assert.Equal(
                    expected.ValueKind == JsonValueKind.Null ? null : expected.GetProperty("plain_sha256").GetString(),
                    secret is null ? null : Convert.ToHexStringLower(SHA256.HashData(secret.Span)));
                looked++;
            }

            Assert.Equal(3, looked);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_time_of_the_machine_secret_is_read(int number)
    {
        using GuestSecrets secrets = GuestSecrets.Open(Pair(number).Old);

        Assert.Equal(DateTime.FromFileTimeUtc(133000000000000000), secrets.UpdatedUtc(LsaSecretTransfer.MachineAccount));
        Assert.Null(secrets.UpdatedUtc("no such secret"));
    }

    [Fact]
    public void Every_master_key_opens_under_its_own_half()
    {
        foreach ((GuestDisk disk, string side) in new[] { (second.Old, "old"), (second.Master, "master") })
        {
            using GuestSecrets secrets = GuestSecrets.Open(disk);
            using DpapiSystem system = DpapiSystem.Read(secrets);
            List<JsonElement> expected = second.Items("dpapi-system")
                .Where(item => item.GetProperty("kind").GetString() == "master-key" && item.GetProperty(side).ValueKind != JsonValueKind.Null)
                .ToList();
            IReadOnlyList<NtfsEntry> found = MasterKeyStore.Enumerate(disk);

            Assert.Equal(expected.Count, found.Count);
            foreach (JsonElement item in expected)
            {
                NtfsEntry entry = found.Single(each => each.Path.Equals(GuestPath.Parse(item.GetProperty("path").GetString()!)));
                (SecretBuffer key, DpapiSystemPart part) = MasterKeyStore.Read(disk, entry).Open(system, MasterKeyStore.LikelyPart(entry));
                using (key)
                {
                    Assert.Equal(item.GetProperty("plain_sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(key.Span)));
                    Assert.Equal(item.GetProperty("part").GetString(), part.ToString(), ignoreCase: true);
                    Assert.Equal(part, MasterKeyStore.LikelyPart(entry));
                }
            }
        }
    }

    [Fact]
    public void Master_keys_made_up_of_chance_are_refused()
    {
        NtfsEntry entry = Assert.Single(MasterKeyStore.Enumerate(first.Old));

        var failure = Assert.Throws<IdentityException>(() => MasterKeyStore.Read(first.Old, entry));

        Assert.Equal(IdentityFailure.MasterKeyUnreadable, failure.Failure);
    }

    [Fact]
    public void The_hives_of_two_machines_do_not_open_each_other()
    {
        var failure = Assert.Throws<IdentityException>(() => GuestSecrets.Open(
            second.Master.OpenHive(HiveName.System), second.Master.CurrentControlSet, second.Old.OpenHive(HiveName.Security), "mixed"));

        Assert.Equal(IdentityFailure.LsaKeysUnreadable, failure.Failure);
    }

    [Fact]
    public void A_blob_in_a_key_container_names_a_master_key_of_its_disk()
    {
        string[] keys = MasterKeyStore.Enumerate(second.Old).Select(entry => entry.Path.Name).ToArray();
        int containers = 0;
        foreach (JsonElement item in second.Items("configmgr").Where(item => item.GetProperty("kind").GetString() == "file"))
        {
            JsonElement old = item.GetProperty("old");
            if (old.TryGetProperty("dpapi_blob", out JsonElement blob))
            {
                Guid id = Assert.Single(DpapiBlobs.FindMasterKeyIds(
                    PairDisks.Read(second.Old, GuestPath.Parse(item.GetProperty("path").GetString()!))));
                Assert.Equal(blob.GetProperty("master_key").GetString(), id.ToString());
                Assert.Contains(id.ToString(), keys);
                containers++;
            }
        }

        Assert.Equal(2, containers);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_master_without_builders_secrets_leaks_none_and_an_old_disk_shows_its_account(int number)
    {
        PairDisks pair = Pair(number);
        using var fingerprint = new SecretFingerprint(SystemSalt.Fill);
        var scanner = new DiskScanner(IdentityCatalogue.LoadBuiltIn(), fingerprint);
        string[] secrets = ["builder-secrets", "auto-logon", "cached-logons", "domain-trust", "answer-file-passwords", "console-history"];
        IEnumerable<Holding> Of(GuestDisk disk) => scanner.Scan(disk).Where(holding => holding.Item.IsLeak && secrets.Contains(holding.Set.Id));

        Assert.Empty(Of(pair.Master));
        Holding leak = Assert.Single(Of(pair.Old));
        Assert.Equal("domain-trust", leak.Set.Id);
        Assert.Equal(16, leak.Digest.Length);
    }

    private PairDisks Pair(int number) => number == 1 ? first : second;
}
