using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

/// <summary>
/// Each item of the catalogue, those of sets that are switched off too, on disks that hold every one of them: carried, stripped, left,
/// carried on word, or a reason to refuse the machine.
/// </summary>
public sealed class CatalogueItemTests
{
    private static readonly string[] Refusing = ["static-addresses", "citrix-provisioning", "horizon"];

    [Fact]
    public void Every_item_has_a_case_and_every_case_an_item()
    {
        IEnumerable<string> items = AllOn().Sets.SelectMany(set => set.Items.Select(item => $"{set.Id}: {item.Name}"));
        IEnumerable<string> cases = CatalogueCase.All.Select(one => $"{one.Set}: {one.Item}");

        Assert.Equal(items.Order(StringComparer.Ordinal), cases.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_both_disks_hold_is_carried_stripped_or_left_as_the_catalogue_says()
    {
        using SwapOfIdentity swap = SwapOfIdentity.Run(
            Machine("PC7", isOld: true).Disk, Machine("MASTER", isOld: false).Disk, SwapOfIdentity.With(leaveOut: Refusing), AllOn());

        AssertAll(swap, one => one.Both, isOldBare: false);
    }

    [Fact]
    public void On_the_administrators_word_what_is_asked_for_is_carried_and_what_was_left_behind_is_stripped()
    {
        IdentityCatalogue catalogue = AllOn();
        string[] asked = catalogue.Sets.Where(set => set.Old == OldVerb.Ask).Select(set => set.Id).ToArray();
        string[] stripped = catalogue.Sets.Where(set => set.Items.Any(item => item.Master == MasterVerb.Ask)).Select(set => set.Id).ToArray();
        using SwapOfIdentity swap = SwapOfIdentity.Run(
            Machine("PC7", isOld: true).Disk,
            Machine("MASTER", isOld: false).Disk,
            SwapOfIdentity.With(UserDataMode.Always, onWord: asked, stripOnWord: stripped, leaveOut: Refusing.Where(set => set != "static-addresses").ToArray()),
            catalogue);

        AssertAll(swap, one => one.Word, isOldBare: false);
        Assert.Contains("10.0.0.1", swap.File(@"ProgramData\VmUpdate\first-boot.json"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_the_master_holds_is_stripped_or_left_as_the_catalogue_says()
    {
        using SwapOfIdentity swap = SwapOfIdentity.Run(
            new SealedMachine("PC7", 1, machineSid: 9).Disk, Machine("MASTER", isOld: false).Disk, SwapOfIdentity.With(), AllOn());

        AssertAll(swap, one => one.Bare, isOldBare: true);
    }

    [Theory]
    [InlineData("static-addresses", "IdentityStaticAddress")]
    [InlineData("citrix-provisioning", "IdentityManagedByOther")]
    [InlineData("horizon", "IdentityManagedByOther")]
    public void Each_item_of_a_refusing_set_refuses_the_machine_until_the_set_is_left_out(string set, string code)
    {
        foreach (CatalogueCase one in CatalogueCase.All.Where(one => one.Set == set))
        {
            var old = new SealedMachine("PC7", 1);
            one.Plant(old, isOld: true);

            var refused = Assert.Throws<IdentityException>(() => SwapOfIdentity.PlanOf(old.Disk, new SealedMachine("MASTER", 2).Disk, SwapOfIdentity.With()));
            Assert.Equal((code, set), (refused.Code, refused.Place));
            IdentityPlan plan = SwapOfIdentity.PlanOf(old.Disk, new SealedMachine("MASTER", 2).Disk, SwapOfIdentity.With(leaveOut: [set]));
            Assert.Equal(SetOutcome.NotCarried, plan.Decisions.Single(decision => decision.Set == set).Outcome);
        }
    }

    [Fact]
    public void Each_item_that_a_disk_holds_is_found_on_it()
    {
        using GuestDisk disk = SwapOfIdentity.Open(Machine("PC7", isOld: true).Disk.Build(), "disk");

        IReadOnlyList<IdentityFinding> findings = new IdentityReader(AllOn()).Read(disk);

        Assert.All(
            CatalogueCase.All.Where(one => one.Set != "user-data"),
            one => Assert.Contains(findings, finding => finding.Present && finding.Set == one.Set && finding.Item == one.Item));
        Assert.DoesNotContain(findings, finding => finding.Display.Length > 0 && finding.Set is "builder-secrets" or "cached-logons");
    }

    private static void AssertAll(SwapOfIdentity swap, Func<CatalogueCase, string> expectedOf, bool isOldBare)
    {
        using GuestDisk old = SwapOfIdentity.Open(
            (isOldBare ? new SealedMachine("PC7", 1, machineSid: 9) : Machine("PC7", isOld: true)).Disk.Build(), "old");
        using GuestDisk master = SwapOfIdentity.Open(Machine("MASTER", isOld: false).Disk.Build(), "master");
        var wrong = new List<string>();
        foreach (CatalogueCase one in CatalogueCase.All)
        {
            bool isRenamed = expectedOf(one) == "renamed";
            string? ofOld = one.State(old, CatalogueCase.OldGuid + "-not-meant");
            string? ofMaster = one.State(master);
            string? expected = expectedOf(one) switch
            {
                "old" => ofOld,
                "none" => null,
                _ => ofMaster,
            };
            string? found = one.State(swap.Result, isRenamed ? CatalogueCase.OldGuid : CatalogueCase.MasterGuid);
            bool isPlanted = (ofMaster is not null || one.Place == "master-keys") && (isOldBare || ofOld is not null);
            bool isTold = isOldBare || ofOld != ofMaster || one.Place is "sid";
            if (!isPlanted || !isTold || found != expected)
            {
                wrong.Add($"{one}: {expectedOf(one)} expected, {(found is null ? "none" : found == ofOld ? "old" : found == ofMaster ? "master" : "another")} found");
            }
        }

        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    private static SealedMachine Machine(string name, bool isOld)
    {
        var machine = new SealedMachine(name, isOld ? 1 : 2);
        foreach (CatalogueCase one in CatalogueCase.All)
        {
            one.Plant(machine, isOld);
        }

        machine.Disk.Key("SYSTEM", $@"{machine.Disk.ControlSet}\Services\MSMQ");
        return machine;
    }

    /// <summary>The shipped catalogue with all its sets switched on.</summary>
    private static IdentityCatalogue AllOn()
    {
        string folder = Path.Combine(RepositoryRoot.Path, "src", "VmUpdate.Core", "Identity", "Catalogue");
        return IdentityCatalogue.Load(Directory.EnumerateFiles(folder, "*.json")
            .Where(file => !file.EndsWith(".schema.json", StringComparison.Ordinal))
            .Select(file => (file, Encoding.UTF8.GetBytes(File.ReadAllText(file).Replace("\"enabled\": false", "\"enabled\": true"))))
            .ToList());
    }
}
