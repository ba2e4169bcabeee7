using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

public sealed class BootKeyTests
{
    [Theory]
    [InlineData("pair", "old")]
    [InlineData("pair", "master")]
    [InlineData("pair2", "old")]
    [InlineData("pair2", "master")]
    public void It_is_what_another_program_reads_from_the_class_names(string name, string side)
    {
        using PairDisks pair = name == "pair" ? new FirstPair() : new SecondPair();
        GuestDisk disk = side == "old" ? pair.Old : pair.Master;

        using SecretBuffer key = BootKey.Read(disk.OpenHive(HiveName.System), disk.CurrentControlSet, "disk");

        using var expected = System.Text.Json.JsonDocument.Parse(
            File.ReadAllBytes(VmUpdate.Simulation.Support.Corpora.PathOf($"vhdx/{name}-expected.json")));
        Assert.Equal(expected.RootElement.GetProperty("boot_key").GetProperty(side).GetString(), Convert.ToHexStringLower(key.Span));
    }

    [Theory]
    [InlineData("JD", null)]
    [InlineData("Skew1", null)]
    [InlineData("GBG", null)]
    [InlineData("Data", null)]
    [InlineData("JD", "")]
    [InlineData("Skew1", "0123456")]
    [InlineData("GBG", "012345678")]
    [InlineData("Data", "0123456g")]
    public void A_missing_or_malformed_class_name_is_named_and_not_shown(string key, string? className)
    {
        var machine = new SealedMachine("PC7", 1);
        machine.Disk.Hive("SYSTEM", hive =>
        {
            if (className is null)
            {
                hive.Find(@"ControlSet001\Control\Lsa")!.DeleteSubKey(key);
            }
            else
            {
                hive.Find($@"ControlSet001\Control\Lsa\{key}")!.SetClassName(className);
            }
        });
        using GuestDisk disk = SwapOfIdentity.Open(machine.Disk.Build(), "the disk");

        var failure = Assert.Throws<IdentityException>(() => GuestSecrets.Open(disk));

        Assert.Equal(IdentityFailure.BootKeyUnreadable, failure.Failure);
        Assert.Contains($@"ControlSet001\Control\Lsa\{key}", failure.Message, StringComparison.Ordinal);
        Assert.StartsWith("the disk", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("012345", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Digits_of_either_case_are_read()
    {
        var machine = new SealedMachine("PC7", 1);
        machine.Disk.Hive("SYSTEM", hive =>
        {
            var key = hive.Find(@"ControlSet001\Control\Lsa\GBG")!;
            key.SetClassName(key.ClassName.ToUpperInvariant());
        });
        using GuestDisk disk = SwapOfIdentity.Open(machine.Disk.Build(), "the disk");

        using SecretBuffer read = BootKey.Read(disk.OpenHive(HiveName.System), disk.CurrentControlSet, "disk");

        Assert.Equal(machine.BootKey, read.Span.ToArray());
    }
}
