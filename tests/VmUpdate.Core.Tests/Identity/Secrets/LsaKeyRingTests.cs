using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

public sealed class LsaKeyRingTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(1, 44).Select(part => (byte)part)];

    [Fact]
    public void With_two_keys_each_secret_opens_under_its_own_and_new_ones_go_under_the_current()
    {
        var machine = new SealedMachine("PC7", 3);
        (Guid Id, byte[] Key) former = (Guid.NewGuid(), machine.Bytes(32));
        (Guid Id, byte[] Key) current = (Guid.NewGuid(), machine.Bytes(32));
        machine.Disk.Value(
            "SECURITY", @"Policy\PolEKList", string.Empty, 0,
            machine.Seal(machine.BootKey, Guid.Empty, SealedMachine.KeyList(current.Id, former, current)));
        machine.Disk.Value("SECURITY", @"Policy\Secrets\X\CurrVal", string.Empty, 0, machine.Seal(current.Key, current.Id, Secret));
        machine.Disk.Value("SECURITY", @"Policy\Secrets\X\OldVal", string.Empty, 0, machine.Seal(former.Key, former.Id, Secret));
        using GuestDisk disk = SwapOfIdentity.Open(machine.Disk.Build(), "disk");
        using GuestSecrets secrets = GuestSecrets.Open(disk);

        foreach (LsaSecretPart part in Enum.GetValues<LsaSecretPart>())
        {
            using SecretBuffer? read = secrets.Read("X", part);
            Assert.Equal(Secret, read!.Span.ToArray());
        }

        using SecretBuffer secret = SecretBuffer.CopyOf(Secret);
        byte[] anew = secrets.Seal(machine.Seal(former.Key, former.Id, Secret), secret, SystemSalt.Fill, "place");
        Assert.Equal(current.Id, LsaSecretRecord.Read(anew, "disk", "place").KeyId);
    }

    [Fact]
    public void A_secret_under_a_key_that_is_not_listed_is_refused()
    {
        var machine = new SealedMachine("PC7", 3);
        var unknown = Guid.NewGuid();
        machine.Disk.Value("SECURITY", @"Policy\Secrets\X\CurrVal", string.Empty, 0, machine.Seal(machine.Bytes(32), unknown, Secret));
        using GuestDisk disk = SwapOfIdentity.Open(machine.Disk.Build(), "disk");
        using GuestSecrets secrets = GuestSecrets.Open(disk);

        var failure = Assert.Throws<IdentityException>(() => secrets.Read("X", LsaSecretPart.CurrVal));

        Assert.Equal(IdentityFailure.SecretUnreadable, failure.Failure);
        Assert.Contains(unknown.ToString(), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_form_of_Windows_XP_is_refused_by_its_name()
    {
        var machine = new SealedMachine("PC7", 3);
        machine.Disk.Hive("SECURITY", hive => hive.Find("Policy")!.DeleteSubKey("PolEKList"));
        machine.Disk.Value("SECURITY", @"Policy\PolSecretEncryptionKey", string.Empty, 0, machine.Bytes(76));
        using GuestDisk disk = SwapOfIdentity.Open(machine.Disk.Build(), "disk");

        var failure = Assert.Throws<IdentityException>(() => GuestSecrets.Open(disk));

        Assert.Equal(IdentityFailure.SecretFormUnsupported, failure.Failure);
        Assert.Contains("RC4", failure.Message, StringComparison.Ordinal);
        Assert.Contains("PolSecretEncryptionKey", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_list_is_named()
    {
        var machine = new SealedMachine("PC7", 3);
        machine.Disk.Hive("SECURITY", hive => hive.Find("Policy")!.DeleteSubKey("PolEKList"));
        using GuestDisk disk = SwapOfIdentity.Open(machine.Disk.Build(), "disk");

        var failure = Assert.Throws<IdentityException>(() => GuestSecrets.Open(disk));

        Assert.Equal(IdentityFailure.LsaKeysUnreadable, failure.Failure);
        Assert.Contains(@"Policy\PolEKList", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_list_of_another_machine_does_not_open()
    {
        var machine = new SealedMachine("PC7", 3);
        machine.Disk.Value(
            "SECURITY", @"Policy\PolEKList", string.Empty, 0,
            machine.Seal(machine.Bytes(16), Guid.Empty, SealedMachine.KeyList(Guid.Empty, (Guid.Empty, machine.Bytes(32)))));
        using GuestDisk disk = SwapOfIdentity.Open(machine.Disk.Build(), "disk");

        Assert.Equal(
            IdentityFailure.LsaKeysUnreadable, Assert.Throws<IdentityException>(() => GuestSecrets.Open(disk)).Failure);
    }

    [Fact]
    public void A_list_of_chance_never_fails_in_another_way()
    {
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            var machine = new SealedMachine("PC7", round);
            byte[] list = machine.Bytes(random.Next(0, 200));
            if (list.Length > 28)
            {
                list[24] = (byte)random.Next(4);
                list.AsSpan(25, 3).Clear();
            }

            using var bootKey = SecretBuffer.CopyOf(machine.BootKey);
            byte[] record = machine.Seal(machine.BootKey, Guid.Empty, list);
            using var hive = RegistryOf(record);
            try
            {
                LsaKeyRing.Open(hive, bootKey, "disk").Dispose();
            }
            catch (IdentityException)
            {
            }
        }
    }

    private static VmUpdate.DiskFormats.Registry.RegistryHive RegistryOf(byte[] record)
    {
        var hive = VmUpdate.DiskFormats.Registry.RegistryHive.CreateEmpty(
            new MemoryHostFolder().Create("SECURITY"), new VmUpdate.DiskFormats.Registry.RegistryCreateOptions { UtcNow = () => DateTime.UnixEpoch });
        hive.Create(@"Policy\PolEKList").SetValue(string.Empty, 0, record);
        return hive;
    }
}
