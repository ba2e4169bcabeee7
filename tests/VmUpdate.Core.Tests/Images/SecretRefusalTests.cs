using VmUpdate.Core.Images;
using VmUpdate.Core.Tests.Identity.Exports;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

/// <summary>Secrets that cannot be carried: the swap ends before the machine's disk is switched, and says why.</summary>
public sealed class SecretRefusalTests
{
    [Theory]
    [InlineData("secret", "IdentitySecretUnreadable")]
    [InlineData("former", "IdentitySecretUnreadable")]
    [InlineData("keys", "IdentityLsaKeysUnreadable")]
    [InlineData("boot", "IdentityBootKeyUnreadable")]
    [InlineData("older", "IdentitySecretFormUnsupported")]
    [InlineData("algorithm", "IdentitySecretFormUnsupported")]
    [InlineData("master-key", "IdentityMasterKeyUnreadable")]
    public async Task The_machine_stays_on_its_disk_which_stays_as_it_is(string defect, string id)
    {
        SealedMachine old = PortableBundleTests.Old();
        Spoil(old, defect);
        using SealedWorld sealedWorld = await SealedWorld.CreateAsync(old, PortableBundleTests.Master(2));
        string disk = await sealedWorld.DiskAsync();
        string hash = SwapWorld.Sha256(disk);

        PooledVmUpdateResult refused = await sealedWorld.UpdateAsync();

        Assert.Equal(id, refused.ErrorId);
        Assert.True(refused.State is PooledVmUpdateState.Blocked or PooledVmUpdateState.RolledBack);
        Assert.Equal((disk, hash), (await sealedWorld.DiskAsync(), SwapWorld.Sha256(disk)));
        Assert.Null(sealedWorld.World.Store.FindOpenSwap(sealedWorld.Vm));
        Assert.Empty(Directory.GetFiles(sealedWorld.World.Lab.IdentityFolder, "*.vmidentity"));
        if (defect == "older")
        {
            Assert.Contains("Windows XP", refused.Error, StringComparison.Ordinal);
        }
    }

    private static void Spoil(SealedMachine old, string defect)
    {
        switch (defect)
        {
            case "secret":
                Change(old, @"Policy\Secrets\$MACHINE.ACC\CurrVal", 62);
                break;
            case "former":
                Change(old, @"Policy\Secrets\$MACHINE.ACC\OldVal", 62);
                break;
            case "keys":
                Change(old, @"Policy\PolEKList", 70);
                break;
            case "algorithm":
                Change(old, @"Policy\Secrets\$MACHINE.ACC\CurrVal", 20);
                break;
            case "boot":
                old.Disk.Hive("SYSTEM", hive => hive.Find(@"ControlSet001\Control\Lsa\JD")!.SetClassName("no digits"));
                break;
            case "older":
                old.Disk.Hive("SECURITY", hive => hive.Find("Policy")!.DeleteSubKey("PolEKList"));
                old.Disk.Value("SECURITY", @"Policy\PolSecretEncryptionKey", string.Empty, 0, new byte[76]);
                break;
            case "master-key":
                var other = new SealedMachine("OTHER", 77);
                var id = new Guid("55555555-1111-2222-3333-444444444444");
                old.File(SealedMachine.ProtectFolder + id, other.MasterKeyFile(id, new byte[64]));
                break;
        }
    }

    private static void Change(SealedMachine machine, string key, int at) => machine.Disk.Hive("SECURITY", hive =>
    {
        byte[] record = hive.Find(key)!.FindValue(string.Empty)!.Data;
        record[at] ^= 0x41;
        hive.Find(key)!.SetValue(string.Empty, 0, record);
    });
}
