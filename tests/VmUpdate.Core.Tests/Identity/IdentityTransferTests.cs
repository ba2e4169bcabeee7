using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

public sealed class IdentityTransferTests
{
    [Fact]
    public void A_machine_without_a_name_is_not_swapped()
    {
        var old = new WindowsDiskBuilder("PC7");
        old.Hive("SYSTEM", hive => hive.Find($@"{old.ControlSet}\Control\ComputerName\ComputerName")!.DeleteValue("ComputerName"));

        var failure = Assert.Throws<IdentityException>(() => SwapOfIdentity.PlanOf(old, new WindowsDiskBuilder("MASTER")));

        Assert.Equal("IdentityEssentialSetNotCarried", failure.Code);
        Assert.Equal("computer-name", failure.Place);
    }

    [Fact]
    public void A_key_tree_takes_the_place_of_the_masters_with_classes_security_and_order_of_no_matter()
    {
        byte[] security = Descriptors.OwnedBy(Descriptors.System);
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").Hive("SOFTWARE", hive =>
        {
            RegistryKey top = hive.Create("Agents").CreateSubKey("One", "top class");
            top.SetValue("b", 3, [1, 2, 3]);
            top.SetValue("a", 1, new byte[20_000]);
            top.SetValue(string.Empty, 4, [9, 9, 9, 9]);
            RegistryKey sub = top.CreateSubKey("Sub", "sub class");
            sub.SetSecurityDescriptor(security);
            sub.CreateSubKey("Deeper").SetValue("x", 0, []);
        });
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER")
            .Value("SOFTWARE", @"Agents\one\theirs", "x", "gone").Value("SOFTWARE", @"Agents\Two", "x", "gone too");
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, master, catalogue: With("registry-key", @"""key"": ""Agents\\*"""));

        RegistryKey agents = swap.Result.OpenHive(HiveName.Software).Find("Agents")!;
        RegistryKey top = Assert.Single(agents.SubKeys);
        Assert.Equal("One", top.Name);
        Assert.Equal("top class", top.ClassName);
        Assert.Equal(20_000, top.FindValue("a")!.Data.Length);
        Assert.Equal([9, 9, 9, 9], top.FindValue(string.Empty)!.Data);
        RegistryKey sub = Assert.Single(top.SubKeys);
        Assert.Equal("sub class", sub.ClassName);
        Assert.Equal(security, sub.GetSecurityDescriptor());
        Assert.Equal(0u, sub.FindSubKey("Deeper")!.FindValue("x")!.Type);
    }

    [Fact]
    public void A_class_name_is_carried_alone()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7")
            .Hive("SOFTWARE", hive => hive.Create("Agents").CreateSubKey("One", "ours").SetValue("x", 1, []));
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER")
            .Hive("SOFTWARE", hive => hive.Create("Agents").CreateSubKey("One", "theirs").SetValue("y", 1, []));
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, master, catalogue: With("class-name", @"""key"": ""Agents\\One"""));

        RegistryKey key = swap.Result.OpenHive(HiveName.Software).Find(@"Agents\One")!;
        Assert.Equal("ours", key.ClassName);
        Assert.Null(key.FindValue("x"));
        Assert.NotNull(key.FindValue("y"));
    }

    [Fact]
    public void A_folder_is_carried_whole()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").File(@"ProgramData\Agent\a\b.txt", "ours");
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER").File(@"ProgramData\Agent\c\d.txt", "theirs");
        string folder = """
            { "set": "mine", "title": "t", "reason": "r.", "old": "carry", "master": "keep", "certainty": "I", "source": "s",
              "items": [ { "kind": "folder", "path": "ProgramData\\Agent" } ] }
            """;
        using SwapOfIdentity swap = SwapOfIdentity.Run(
            old, master, catalogue: IdentityCatalogue.Load([("m.json", Encoding.UTF8.GetBytes(folder))]));

        Assert.Equal("ours", swap.File(@"ProgramData\Agent\a\b.txt"));
        Assert.Null(swap.Result.Volume.Find(GuestPath.Parse(@"ProgramData\Agent\c")));
    }

    [Fact]
    public void A_set_that_needs_a_set_that_is_not_carried_is_not_carried_either_and_says_so()
    {
        IdentityCatalogue catalogue = With("registry-value", @"""key"": ""Agents"", ""value"": ""x""", @"""dependsOn"": [""domain-trust""],");
        IdentityPlan plan = SwapOfIdentity.PlanOf(
            new WindowsDiskBuilder("PC7").Value("SOFTWARE", "Agents", "x", "1"), new WindowsDiskBuilder("MASTER"), catalogue: catalogue);

        SetDecision decision = plan.Decisions.Single(decision => decision.Set == "mine");
        Assert.Equal(SetOutcome.NotCarried, decision.Outcome);
        Assert.Contains("domain-trust", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_that_conflicts_with_a_carried_one_is_not_carried()
    {
        IdentityCatalogue catalogue = With("registry-value", @"""key"": ""Agents"", ""value"": ""x""", @"""conflictsWith"": [""computer-name""],");
        IdentityPlan plan = SwapOfIdentity.PlanOf(
            new WindowsDiskBuilder("PC7").Value("SOFTWARE", "Agents", "x", "1"), new WindowsDiskBuilder("MASTER"), catalogue: catalogue);

        Assert.Equal(SetOutcome.NotCarried, plan.Decisions.Single(decision => decision.Set == "mine").Outcome);
    }

    [Fact]
    public void A_refusal_of_the_plan_stands_when_the_identity_is_taken()
    {
        using GuestDisk old = SwapOfIdentity.Open(new WindowsDiskBuilder("PC7").File(@"Users\a\Desktop\x", "x").Build(), "old");
        using GuestDisk master = SwapOfIdentity.Open(new WindowsDiskBuilder("MASTER").Build(), "master");
        var transfer = new IdentityTransfer(IdentityCatalogue.LoadBuiltIn());
        IdentityPlan plan = transfer.Plan(old, master, SwapOfIdentity.Options);

        using IdentityBundle bundle = transfer.Preserve(old, master, plan, SwapOfIdentity.With(UserDataMode.Always));

        Assert.DoesNotContain(bundle.Manifest.Items, item => item.Set == "user-data");
    }

    [Fact]
    public void Each_difference_between_the_bundle_and_the_new_disk_is_found()
    {
        const string ours = "61841625-24c4-495b-9080-eccd903b9e6f";
        const string masters = "e887647a-002b-06f5-ab6e-852bbc627739";
        const string key = @"ProgramData\Microsoft\Crypto\Keys\1_";
        MemoryDisk old = new WindowsDiskBuilder("PC7").File(@"ProgramData\ssh\ssh_host_rsa_key", "key")
            .Value("SOFTWARE", @"Microsoft\Cryptography", "MachineGuid", ours).Build();
        MemoryDisk fresh = new WindowsDiskBuilder("MASTER").Value("SOFTWARE", @"Microsoft\SQMClient", "MachineId", "x")
            .Value("SOFTWARE", @"Microsoft\Cryptography", "MachineGuid", masters).File(key + masters, "container").Build();
        var transfer = new IdentityTransfer(IdentityCatalogue.LoadBuiltIn());
        using GuestDisk oldDisk = SwapOfIdentity.Open(old, "old");
        using GuestDisk master = SwapOfIdentity.Open(fresh.Clone(), "master");
        using IdentityBundle bundle = transfer.Preserve(
            oldDisk, master, transfer.Plan(oldDisk, master, SwapOfIdentity.Options), SwapOfIdentity.Options);
        using (GuestDisk target = SwapOfIdentity.Open(fresh, "fresh", writable: true))
        {
            transfer.Restore(target, bundle);
            target.Commit();
        }

        (Action<GuestDisk> Spoil, string Set)[] cases =
        [
            (disk => disk.OpenHive(HiveName.System).Find(@"ControlSet001\Services\Tcpip\Parameters")!.DeleteValue("Hostname"), "computer-name"),
            (disk => disk.OpenHive(HiveName.System).Find(@"ControlSet001\Services\Tcpip\Parameters")!.SetValue("Hostname", 2, "p\0c\07\0"u8), "computer-name"),
            (disk => disk.OpenHive(HiveName.Software).Create(@"Microsoft\SQMClient").SetValue("MachineId", 1, []), "sqm-machine-id"),
            (disk => disk.Volume.Delete(GuestPath.Parse(@"ProgramData\ssh\ssh_host_rsa_key")), "openssh-host-keys"),
            (disk => disk.Volume.CreateStream(GuestPath.Parse(@"ProgramData\ssh\ssh_host_rsa_key"), "s"), "openssh-host-keys"),
            (disk => disk.Volume.SetSecurityDescriptor(
                GuestPath.Parse(@"ProgramData\ssh\ssh_host_rsa_key"), Descriptors.OwnedBy(Descriptors.Account(1, 1001))), "openssh-host-keys"),
            (disk => disk.Volume.Rename(GuestPath.Parse(key + ours), GuestPath.Parse(key + masters)), "machine-key-names"),
            (disk => disk.Volume.Create(GuestPath.Parse(key + masters), new()), "machine-key-names"),
        ];
        foreach ((Action<GuestDisk> spoil, string set) in cases)
        {
            MemoryDisk spoiled = fresh.Clone();
            using (GuestDisk disk = SwapOfIdentity.Open(spoiled, "spoiled", writable: true))
            {
                spoil(disk);
                disk.Commit();
            }

            using GuestDisk result = SwapOfIdentity.Open(spoiled, "spoiled");
            var failure = Assert.Throws<IdentityException>(() => transfer.Verify(result, bundle));
            Assert.Equal(IdentityFailure.ResultDiffers, failure.Failure);
            Assert.Equal(set, failure.Place);
        }
    }

    [Fact]
    public void No_secret_is_in_the_manifest_and_its_hash_is_keyed()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").File(@"ProgramData\ssh\ssh_host_rsa_key", "a private key");
        using SwapOfIdentity one = SwapOfIdentity.Run(old, new WindowsDiskBuilder("MASTER"));
        using SwapOfIdentity two = SwapOfIdentity.Run(old, new WindowsDiskBuilder("MASTER"));

        ManifestItem secret = one.Manifest.Items.Single(item => item.Path.EndsWith("rsa_key", StringComparison.Ordinal));
        ManifestItem again = two.Manifest.Items.Single(item => item.Path.EndsWith("rsa_key", StringComparison.Ordinal));
        Assert.True(secret.IsSecret);
        Assert.NotEqual(secret.OldHash, again.OldHash);
        Assert.DoesNotContain("a private key", Encoding.UTF8.GetString(one.Manifest.ToJson()), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(one.Manifest.HashKey), Encoding.UTF8.GetString(one.Manifest.ToJson()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_findings_of_a_disk_show_names_and_fingerprints_and_no_secret()
    {
        WindowsDiskBuilder builder = new WindowsDiskBuilder("PC7")
            .Value("SOFTWARE", @"Wow6432Node\Tanium\Tanium Client", "ComputerID", WindowsDiskBuilder.Dword, [1, 2, 0, 0])
            .File(@"ProgramData\ssh\ssh_host_rsa_key", "a private key")
            .File(@"Windows\SoftwareDistribution\x\y.edb", "12345");
        using GuestDisk disk = SwapOfIdentity.Open(builder.Build(), "disk");

        IReadOnlyList<IdentityFinding> findings = new IdentityReader(IdentityCatalogue.LoadBuiltIn()).Read(disk);

        IdentityFinding name = findings.Single(finding => finding is { Set: "computer-name", Item: "ComputerName" });
        Assert.Equal((true, "PC7", SetVerb.Carry), (name.Present, name.Display, name.Verb));
        Assert.Equal(@"SYSTEM\ControlSet001\Control\ComputerName\ComputerName : ComputerName", name.Place);
        Assert.Matches("^[0-9a-f]{16}$", name.Fingerprint);
        Assert.Equal("513", findings.Single(finding => finding.Item == "ComputerID").Display);
        IdentityFinding key = findings.Single(finding => finding is { Set: "openssh-host-keys", Present: true });
        Assert.Equal((@"ProgramData\ssh\ssh_host_rsa_key", string.Empty), (key.Place, key.Display));
        Assert.Equal("1 files, 5 bytes", findings.Single(finding => finding.Item == "SoftwareDistribution").Display);
        Assert.Contains(findings, finding => finding is { Set: "msmq", Present: false, Fingerprint: "" });
        Assert.DoesNotContain(findings, finding => finding.Set == "user-data");
    }

    private static IdentityCatalogue With(string kind, string place, string more = "") => IdentityCatalogue.Load(
        [("mine.json", Encoding.UTF8.GetBytes($$"""
            { "set": "mine", "title": "t", "reason": "r.", "old": "carry", "master": "keep", "certainty": "I", "source": "s", {{more}}
              "items": [ { "kind": "{{kind}}", "hive": "SOFTWARE", {{place}} } ] }
            """))]);
}
