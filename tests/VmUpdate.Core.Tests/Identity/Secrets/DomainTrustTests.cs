using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

public sealed class DomainTrustTests
{
    private const string Parameters = @"CurrentControlSet\Services\Tcpip\Parameters";
    private static readonly byte[] Current = Encoding.Unicode.GetBytes("the machine's present secret");
    private static readonly byte[] Former = Encoding.Unicode.GetBytes("the machine's former secret");

    [Fact]
    public void The_trust_moves_with_both_states_of_the_secret_and_the_names_of_the_domain()
    {
        SealedMachine old = Joined();
        using SwapOfIdentity swap = SwapOfIdentity.Run(old.Disk, new SealedMachine("MASTER", 2).Disk);

        Assert.Equal(SetOutcome.Carried, swap.Decision("domain-trust").Outcome);
        Assert.Equal(Current, Read(swap.Result, "$MACHINE.ACC", LsaSecretPart.CurrVal));
        Assert.Equal(Former, Read(swap.Result, "$MACHINE.ACC", LsaSecretPart.OldVal));
        Assert.Equal("corp.example", swap.Text(HiveName.System, Parameters, "Domain"));
        Assert.Equal("PC7 PolMachineAccountS", swap.Text(HiveName.Security, @"Policy\PolMachineAccountS", string.Empty));
        Assert.Equal("PC7 PolPrDmS", swap.Text(HiveName.Security, @"Policy\PolPrDmS", string.Empty));
    }

    [Fact]
    public void A_former_state_that_is_empty_stays_empty()
    {
        SealedMachine old = new SealedMachine("PC7", 1).Secret("$MACHINE.ACC", Current);
        using SwapOfIdentity swap = SwapOfIdentity.Run(old.Disk, new SealedMachine("MASTER", 2).Disk);

        Assert.Equal(Current, Read(swap.Result, "$MACHINE.ACC", LsaSecretPart.CurrVal));
        Assert.Empty(swap.Value(HiveName.Security, @"Policy\Secrets\$MACHINE.ACC\OldVal", string.Empty)!.Data);
    }

    [Fact]
    public void A_machine_in_no_domain_takes_nothing_and_loses_what_the_master_leaked()
    {
        SealedMachine master = new SealedMachine("MASTER", 2).Domain("builders.example", Current, Former);
        using SwapOfIdentity swap = SwapOfIdentity.Run(new SealedMachine("PC7", 1).Disk, master.Disk);

        Assert.NotEqual(SetOutcome.Carried, swap.Decision("domain-trust").Outcome);
        Assert.Null(Read(swap.Result, "$MACHINE.ACC", LsaSecretPart.CurrVal));
        Assert.Equal("MASTER PolPrDmN", swap.Text(HiveName.Security, @"Policy\PolPrDmN", string.Empty));
    }

    [Fact]
    public void With_an_isolated_twin_the_LSA_copy_is_carried_and_the_twin_of_neither_disk_is_on_the_result()
    {
        SealedMachine old = Joined().Secret("$MACHINE.ACC.IUM", Current, Former);
        SealedMachine master = new SealedMachine("MASTER", 2).Secret("$MACHINE.ACC.IUM", Former, Current);
        using SwapOfIdentity swap = SwapOfIdentity.Run(old.Disk, master.Disk);

        Assert.Equal(Current, Read(swap.Result, "$MACHINE.ACC", LsaSecretPart.CurrVal));
        Assert.Null(swap.Result.OpenHive(HiveName.Security).Find(@"Policy\Secrets\$MACHINE.ACC.IUM"));
    }

    [Fact]
    public void With_the_isolated_twin_alone_the_trust_is_refused_with_its_remedy_and_the_domain_name_stays()
    {
        SealedMachine old = new SealedMachine("PC7", 1).Domain("corp.example", Current, Former);
        old.Disk.Hive("SECURITY", hive => hive.Find(@"Policy\Secrets")!.DeleteSubKey("$MACHINE.ACC"));
        old.Secret("$MACHINE.ACC.IUM", Current, Former);
        using SwapOfIdentity swap = SwapOfIdentity.Run(old.Disk, new SealedMachine("MASTER", 2).Disk);

        Assert.Equal(SetOutcome.NotCarried, swap.Decision("domain-trust").Outcome);
        Assert.Contains("Machine Identity Isolation", swap.Decision("domain-trust").Reason, StringComparison.Ordinal);
        Assert.Contains("djoin", swap.Decision("domain-trust").Reason, StringComparison.Ordinal);
        Assert.Equal(SetOutcome.NotCarried, swap.Decision("domain-name").Outcome);
        Assert.Null(swap.Text(HiveName.System, Parameters, "Domain"));
        Assert.Null(Read(swap.Result, "$MACHINE.ACC", LsaSecretPart.CurrVal));
    }

    [Fact]
    public void A_secret_that_does_not_open_ends_the_plan()
    {
        SealedMachine old = Joined();
        old.Disk.Hive("SECURITY", hive =>
        {
            var key = hive.Find(@"Policy\Secrets\$MACHINE.ACC\OldVal")!;
            byte[] record = key.FindValue(string.Empty)!.Data;
            record[65] ^= 1;
            key.SetValue(string.Empty, 0, record);
        });

        var failure = Assert.Throws<IdentityException>(() => SwapOfIdentity.PlanOf(old.Disk, new SealedMachine("MASTER", 2).Disk));

        Assert.Equal(IdentityFailure.SecretUnreadable, failure.Failure);
        Assert.Contains(@"$MACHINE.ACC\OldVal", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_master_whose_keys_do_not_open_ends_the_plan_too()
    {
        var master = new SealedMachine("MASTER", 2);
        master.Disk.Hive("SYSTEM", hive => hive.Find(@"ControlSet001\Control\Lsa\JD")!.SetClassName("00000000"));

        var failure = Assert.Throws<IdentityException>(() => SwapOfIdentity.PlanOf(Joined().Disk, master.Disk));

        Assert.Equal(IdentityFailure.LsaKeysUnreadable, failure.Failure);
        Assert.Equal("master", failure.Subject);
    }

    [Fact]
    public void A_bundle_made_for_another_master_does_not_pass_the_check()
    {
        SealedMachine old = Joined();
        var transfer = new IdentityTransfer(IdentityCatalogue.LoadBuiltIn());
        using GuestDisk oldDisk = SwapOfIdentity.Open(old.Disk.Build(), "old");
        using GuestDisk master = SwapOfIdentity.Open(new SealedMachine("MASTER", 2).Disk.Build(), "master");
        var otherDisk = new SealedMachine("MASTER", 3).Disk.Build();
        using IdentityBundle bundle = transfer.Preserve(
            oldDisk, master, transfer.Plan(oldDisk, master, SwapOfIdentity.Options), SwapOfIdentity.Options);
        using (GuestDisk other = SwapOfIdentity.Open(otherDisk, "other", writable: true))
        {
            transfer.Restore(other, bundle);
            other.Commit();
        }

        using GuestDisk result = SwapOfIdentity.Open(otherDisk, "other");
        var failure = Assert.Throws<IdentityException>(() => transfer.Verify(result, bundle));

        Assert.Equal(IdentityFailure.SecretUnreadable, failure.Failure);
    }

    [Fact]
    public void The_trust_rotates_and_its_age_is_known()
    {
        Assert.True(IdentityCatalogue.LoadBuiltIn().Find("domain-trust")!.Rotates);
        using GuestDisk disk = SwapOfIdentity.Open(Joined().Disk.Build(), "disk");
        using GuestSecrets secrets = GuestSecrets.Open(disk);
        Assert.Equal(Simulation.Disks.WindowsDiskBuilder.Now, secrets.UpdatedUtc("$MACHINE.ACC"));
    }

    private static SealedMachine Joined() => new SealedMachine("PC7", 1).Domain("corp.example", Current, Former);

    private static byte[]? Read(GuestDisk disk, string name, LsaSecretPart part)
    {
        using GuestSecrets secrets = GuestSecrets.Open(disk);
        using SecretBuffer? secret = secrets.Read(name, part);
        return secret?.Span.ToArray();
    }
}
