using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.Simulation.Disks;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

public sealed class KeyContainerNameTests
{
    private const string Ours = "61841625-24c4-495b-9080-eccd903b9e6f";
    private const string Masters = "e887647a-002b-06f5-ab6e-852bbc627739";
    private const string Crypto = @"ProgramData\Microsoft\Crypto\";

    [Theory]
    [InlineData(@"RSA\MachineKeys")]
    [InlineData(@"RSA\S-1-5-18")]
    [InlineData(@"DSS\MachineKeys")]
    [InlineData("Keys")]
    [InlineData("SystemKeys")]
    public void The_masters_key_files_take_the_carried_machine_guid_and_stay_what_they_are(string folder)
    {
        byte[] security = Descriptors.OwnedBy(Descriptors.System);
        WindowsDiskBuilder master = Master()
            .File($@"{Crypto}{folder}\0123_{Masters.ToUpperInvariant()}", "their key", security)
            .File($@"{Crypto}{folder}\desktop.ini", "not a key");
        using SwapOfIdentity swap = SwapOfIdentity.Run(Old(), master);

        Assert.Equal("their key", swap.File($@"{Crypto}{folder}\0123_{Ours}"));
        Assert.Equal(security, swap.Result.Volume.GetSecurityDescriptor(GuestPath.Parse($@"{Crypto}{folder}\0123_{Ours}")));
        Assert.Null(swap.File($@"{Crypto}{folder}\0123_{Masters}"));
        Assert.Equal("not a key", swap.File($@"{Crypto}{folder}\desktop.ini"));
        Assert.Equal(SetVerb.Rename, swap.Decision("machine-key-names").Verb);
        Assert.Equal((SetOutcome.Carried, 1), (swap.Decision("machine-key-names").Outcome, swap.Decision("machine-key-names").Items));
    }

    [Fact]
    public void A_name_sake_on_the_old_disk_that_no_set_carries_is_no_clash()
    {
        WindowsDiskBuilder old = Old().File($@"{Crypto}Keys\0123_{Ours}", "our key");
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, Master().File($@"{Crypto}Keys\0123_{Masters}", "their key"));

        Assert.Equal("their key", swap.File($@"{Crypto}Keys\0123_{Ours}"));
    }

    [Fact]
    public void A_name_that_the_master_has_already_is_a_clash()
    {
        WindowsDiskBuilder master = Master().File($@"{Crypto}Keys\0123_{Masters}", "one").File($@"{Crypto}Keys\0123_{Ours}", "two");

        var failure = Assert.Throws<IdentityException>(() => SwapOfIdentity.PlanOf(Old(), master));

        Assert.Equal("IdentityNameClash", failure.Code);
        Assert.Contains($"0123_{Ours}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_sake_that_a_set_carries_is_a_clash()
    {
        byte[] set = Encoding.UTF8.GetBytes($$"""
            { "set": "zz-keys", "title": "t", "reason": "r.", "old": "carry", "master": "keep", "certainty": "I", "source": "s",
              "items": [ { "kind": "file", "path": "ProgramData\\Microsoft\\Crypto\\Keys\\*_{{Ours}}" } ] }
            """);
        WindowsDiskBuilder old = Old().File($@"{Crypto}Keys\0123_{Ours}", "our key");
        WindowsDiskBuilder master = Master().File($@"{Crypto}Keys\0123_{Masters}", "their key");

        var failure = Assert.Throws<IdentityException>(
            () => SwapOfIdentity.PlanOf(old, master, catalogue: IdentityCatalogue.Load([("keys.json", set)])));

        Assert.Equal(IdentityFailure.NameClash, failure.Failure);
    }

    [Fact]
    public void No_name_changes_when_the_machine_guid_is_not_carried()
    {
        using SwapOfIdentity swap = SwapOfIdentity.Run(new WindowsDiskBuilder("PC7"), Master().File($@"{Crypto}Keys\0123_{Masters}", "their key"));

        Assert.Equal("their key", swap.File($@"{Crypto}Keys\0123_{Masters}"));
        Assert.Equal(SetOutcome.Kept, swap.Decision("machine-key-names").Outcome);
    }

    [Theory]
    [InlineData(@"..\..\x")]
    [InlineData("no guid")]
    public void A_machine_guid_that_is_none_names_no_file(string text)
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").Value("SOFTWARE", @"Microsoft\Cryptography", "MachineGuid", text);

        var failure = Assert.Throws<IdentityException>(
            () => SwapOfIdentity.PlanOf(old, Master().File($@"{Crypto}Keys\0123_{Masters}", "their key")));

        Assert.Equal(IdentityFailure.HiveIncomplete, failure.Failure);
    }

    private static WindowsDiskBuilder Old() =>
        new WindowsDiskBuilder("PC7").Value("SOFTWARE", @"Microsoft\Cryptography", "MachineGuid", Ours);

    private static WindowsDiskBuilder Master() =>
        new WindowsDiskBuilder("MASTER").Value("SOFTWARE", @"Microsoft\Cryptography", "MachineGuid", Masters);
}
