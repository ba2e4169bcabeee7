using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

public sealed class DpapiSetTests
{
    private static readonly Guid OldKey = new("01c3883e-8cb8-eead-f75c-ffff739b69dd");
    private static readonly Guid OldUserKey = new("1d546a99-b061-dd44-24de-e11d8cbfa46a");
    private static readonly Guid MasterKey = new("a5739b89-ef1f-0f48-39bb-2b2d4ad5ce9e");
    private static readonly byte[] OldPlain = [.. Enumerable.Range(0, 64).Select(part => (byte)(part * 3 % 251))];
    private static readonly byte[] UserPlain = [.. Enumerable.Range(0, 64).Select(part => (byte)(part * 5 % 251))];
    private static readonly byte[] MasterPlain = [.. Enumerable.Range(0, 64).Select(part => (byte)(part * 7 % 251))];

    [Fact]
    public void Master_keys_of_both_disks_open_on_the_result_and_the_preferred_one_stays_the_masters()
    {
        using SwapOfIdentity swap = SwapOfIdentity.Run(Old().Disk, Master().Disk);

        Assert.Equal(SetOutcome.Carried, swap.Decision("dpapi-system").Outcome);
        Assert.Equal(SetOutcome.Carried, swap.Decision("configmgr").Outcome);
        Assert.Equal(OldPlain, Open(swap.Result, OldKey));
        Assert.Equal(UserPlain, Open(swap.Result, OldUserKey));
        Assert.Equal(MasterPlain, Open(swap.Result, MasterKey));
        Assert.Equal("the master's", swap.File(SealedMachine.ProtectFolder + "Preferred"));
        Assert.Equal("SMS Unique Identifier=GUID:OLD", swap.File(@"Windows\SMSCFG.INI"));
    }

    [Fact]
    public void Without_a_set_that_needs_them_the_keys_stay_where_they_are()
    {
        SealedMachine old = new SealedMachine("PC7", 1).MasterKey(OldKey, OldPlain);
        using SwapOfIdentity swap = SwapOfIdentity.Run(old.Disk, Master().Disk);

        Assert.Equal(SetOutcome.NotCarried, swap.Decision("dpapi-system").Outcome);
        Assert.DoesNotContain(MasterKeyStore.Enumerate(swap.Result), entry => entry.Path.Name == OldKey.ToString());
        Assert.DoesNotContain(swap.Manifest.Items, item => item.Set == "dpapi-system");
    }

    [Fact]
    public void A_key_that_both_have_from_one_ancestor_stays_as_the_master_has_it()
    {
        SealedMachine master = Master().MasterKey(OldKey, OldPlain);
        using GuestDisk masterDisk = SwapOfIdentity.Open(master.Disk.Build(), "master");
        using SwapOfIdentity swap = SwapOfIdentity.Run(Old().Disk, master.Disk);

        Assert.Equal(OldPlain, Open(swap.Result, OldKey));
        var path = GuestPath.Parse(SealedMachine.ProtectFolder + OldKey);
        Assert.Equal(PairDisks.Read(masterDisk, path), PairDisks.Read(swap.Result, path));
    }

    [Fact]
    public void Two_keys_of_one_id_are_a_clash()
    {
        SealedMachine master = Master().MasterKey(OldKey, MasterPlain);

        var failure = Assert.Throws<IdentityException>(() => SwapOfIdentity.Run(Old().Disk, master.Disk));

        Assert.Equal(IdentityFailure.NameClash, failure.Failure);
        Assert.Contains(OldKey.ToString(), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Replaced_on_word_the_old_disks_keys_open_and_the_plan_lists_what_no_longer_does()
    {
        IdentityOptions options = SwappedPairs.Options(DpapiMode.Replace);
        SealedMachine master = Master().File(
            @"ProgramData\Microsoft\Crypto\RSA\MachineKeys\cc_x",
            [1, 0, 0, 0, .. new Guid("df9d8cd0-1501-11d1-8c7a-00c04fc297eb").ToByteArray(), 1, 0, 0, 0, .. MasterKey.ToByteArray()]);
        using SwapOfIdentity swap = SwapOfIdentity.Run(Old().Disk, master.Disk, options);

        Assert.Equal(OldPlain, Open(swap.Result, OldKey));
        Assert.Throws<IdentityException>(() => Open(swap.Result, MasterKey));
        Assert.Equal("the old one's", swap.File(SealedMachine.ProtectFolder + "Preferred"));
        string warning = Assert.Single(swap.Plan.Warnings, warning => warning.Contains("stop opening", StringComparison.Ordinal));
        Assert.Contains(MasterKey.ToString(), warning, StringComparison.Ordinal);
        Assert.Contains("cc_x", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void With_another_machine_SID_the_client_is_stripped_and_the_plan_says_so()
    {
        SealedMachine master = Master(machineSid: 8).ConfigMgr("GUID:MASTER", MasterKey);
        using SwapOfIdentity swap = SwapOfIdentity.Run(Old().Disk, master.Disk);

        Assert.Equal(SetOutcome.NotCarried, swap.Decision("configmgr").Outcome);
        Assert.Contains("machine SID", swap.Decision("configmgr").Reason, StringComparison.Ordinal);
        Assert.Null(swap.File(@"Windows\SMSCFG.INI"));
        Assert.Null(swap.Value(HiveName.Software, @"Microsoft\SystemCertificates\SMS\Certificates\9C5C", "Blob"));
        Assert.Equal(SetOutcome.NotCarried, swap.Decision("dpapi-system").Outcome);
    }

    [Fact]
    public void With_another_machine_SID_the_client_is_carried_when_the_administrator_asks()
    {
        using SwapOfIdentity swap = SwapOfIdentity.Run(
            Old().Disk, Master(machineSid: 8).Disk, SwappedPairs.Options(DpapiMode.Rewrap, "configmgr"));

        Assert.Equal(SetOutcome.Carried, swap.Decision("configmgr").Outcome);
        Assert.Equal(OldPlain, Open(swap.Result, OldKey));
    }

    [Fact]
    public void The_masters_own_key_containers_stay_beside_those_that_are_carried()
    {
        SealedMachine master = Master().File(@"ProgramData\Microsoft\Crypto\RSA\MachineKeys\own_x", [1, 2, 3]);
        using SwapOfIdentity swap = SwapOfIdentity.Run(Old().Disk, master.Disk);

        Assert.Equal(2, swap.Result.Volume.Enumerate(GuestPath.Parse(@"ProgramData\Microsoft\Crypto\RSA\MachineKeys")).Count());
    }

    [Fact]
    public void A_disk_without_DPAPI_SYSTEM_ends_the_plan()
    {
        SealedMachine old = Old();
        old.Disk.Hive("SECURITY", hive => hive.Find(@"Policy\Secrets")!.DeleteSubKey("DPAPI_SYSTEM"));

        var failure = Assert.Throws<IdentityException>(() => SwapOfIdentity.PlanOf(old.Disk, Master().Disk));

        Assert.Equal(IdentityFailure.SecretUnreadable, failure.Failure);
        Assert.Contains("DPAPI_SYSTEM", failure.Message, StringComparison.Ordinal);
    }

    private static SealedMachine Old() => new SealedMachine("PC7", 1)
        .Secret("$MACHINE.ACC", Encoding.Unicode.GetBytes("a secret of the machine"))
        .MasterKey(OldKey, OldPlain).MasterKey(OldUserKey, UserPlain, isOfUser: true)
        .File(SealedMachine.ProtectFolder + "Preferred", Encoding.UTF8.GetBytes("the old one's"))
        .ConfigMgr("GUID:OLD", OldKey)
        .WithMachineGuid("11111111-2222-3333-4444-555555555555");

    private static SealedMachine Master(uint machineSid = 7) => new SealedMachine("MASTER", 2, machineSid)
        .MasterKey(MasterKey, MasterPlain)
        .File(SealedMachine.ProtectFolder + "Preferred", Encoding.UTF8.GetBytes("the master's"))
        .WithMachineGuid("99999999-2222-3333-4444-555555555555");

    private static byte[] Open(GuestDisk disk, Guid id)
    {
        NtfsEntry entry = MasterKeyStore.Enumerate(disk).Single(entry => entry.Path.Name == id.ToString());
        using GuestSecrets secrets = GuestSecrets.Open(disk);
        using DpapiSystem system = DpapiSystem.Read(secrets);
        (SecretBuffer key, _) = MasterKeyStore.Read(disk, entry).Open(system, MasterKeyStore.LikelyPart(entry));
        using (key)
        {
            return key.Span.ToArray();
        }
    }
}
