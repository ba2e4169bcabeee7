using System.Text;
using VmUpdate.Core.Images;
using VmUpdate.Core.Tests.Identity.Exports;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Registry;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

/// <summary>The way back of a machine that is in a domain: what changed while it ran on the newer disk comes along.</summary>
public sealed class WayBackTests
{
    private static readonly Guid NewKey = new("77777777-1111-2222-3333-444444444444");
    private static readonly Guid OldKey = new("01c3883e-8cb8-eead-f75c-ffff739b69dd");
    private static readonly byte[] NewPlain = [.. Enumerable.Range(0, 64).Select(part => (byte)(part * 11 % 251))];
    private const string First = "what Netlogon set first on the newer disk";
    private const string Second = "what Netlogon set then on the newer disk";
    private static readonly DateTime Later = new(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_two_rotations_the_newest_secret_comes_back_and_the_one_before_it_unless_it_is_to_be_as_it_was(bool asItWas)
    {
        SealedMachine master = PortableBundleTests.Master(2);
        using SealedWorld sealedWorld = await SealedWorld.CreateAsync(PortableBundleTests.Old(), master);
        (string? current, string? former) = SealedWorld.Secret(sealedWorld.OldPath);
        Assert.Equal(PooledVmUpdateState.Updated, (await sealedWorld.UpdateAsync()).State);
        string newer = await sealedWorld.DiskAsync();
        Assert.Equal(current, SealedWorld.Secret(newer).Current);
        SealedWorld.Change(newer, disk =>
        {
            SealedWorld.Rotate(disk, First, Later);
            SealedWorld.Rotate(disk, Second, Later.AddDays(30));
            SealedWorld.WriteFile(disk, SealedMachine.ProtectFolder + NewKey, master.MasterKeyFile(NewKey, NewPlain));
        });

        PooledVmUpdateResult back = await sealedWorld.RestoreAsync(new SwapOptions { AsItWas = asItWas });

        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (back.State, back.Error));
        string disk = await sealedWorld.DiskAsync();
        Assert.Equal(asItWas ? (current, former) : (Second, First), SealedWorld.Secret(disk));
        Assert.NotNull(SealedWorld.MasterKey(disk, OldKey));
        Assert.Equal(asItWas ? null : NewPlain, SealedWorld.MasterKey(disk, NewKey));
        Assert.Equal(asItWas, back.Warnings.Any(warning => warning.Contains("may not know the machine", StringComparison.Ordinal)));
        Assert.Equal(asItWas ? [] : ["configmgr", "domain-trust", "dpapi-system"], back.SetsCarried.Order());
    }

    [Fact]
    public async Task A_renewed_ConfigMgr_registration_comes_back_and_what_was_only_on_the_newer_disk_stays_there()
    {
        using SealedWorld sealedWorld = await SealedWorld.CreateAsync(PortableBundleTests.Old(), PortableBundleTests.Master(2));
        await sealedWorld.UpdateAsync();
        SealedWorld.Change(await sealedWorld.DiskAsync(), disk =>
        {
            disk.Volume.Delete(GuestPath.Parse(@"Windows\SMSCFG.INI"));
            SealedWorld.WriteFile(disk, @"Windows\SMSCFG.INI", Encoding.ASCII.GetBytes("SMS Unique Identifier=GUID:RENEWED"));
            disk.OpenHive(Core.Identity.HiveName.Software).Create(@"Microsoft\SQMClient").SetValue("MachineId", 1, Encoding.Unicode.GetBytes("other\0"));
        });

        Assert.Equal(PooledVmUpdateState.Updated, (await sealedWorld.RestoreAsync()).State);

        string path = await sealedWorld.DiskAsync();
        Assert.Equal("SMS Unique Identifier=GUID:RENEWED", SealedWorld.Look(path, disk =>
            Encoding.ASCII.GetString(PairDisks.Read(disk, GuestPath.Parse(@"Windows\SMSCFG.INI")))));
        Assert.Null(SealedWorld.Look(path, disk => Value(disk, @"Microsoft\SQMClient", "MachineId")));
    }

    [Fact]
    public async Task What_was_left_out_on_the_way_forth_is_not_taken_from_the_disk_that_is_gone_back_to()
    {
        using SealedWorld sealedWorld = await SealedWorld.CreateAsync(PortableBundleTests.Old(), PortableBundleTests.Master(2));
        (string? current, string? former) = SealedWorld.Secret(sealedWorld.OldPath);
        await sealedWorld.UpdateAsync(new SwapOptions { LeaveOut = ["domain-trust", "machine-guid"] });
        Assert.Null(SealedWorld.Secret(await sealedWorld.DiskAsync()).Current);

        Assert.Equal(PooledVmUpdateState.Updated, (await sealedWorld.RestoreAsync()).State);

        string path = await sealedWorld.DiskAsync();
        Assert.Equal((current, former), SealedWorld.Secret(path));
        Assert.True(SealedWorld.Look(path, disk => disk.Volume.Find(GuestPath.Parse(@"Windows\SMSCFG.INI")) is not null));
        Assert.Contains("11111111", Encoding.Unicode.GetString(
            SealedWorld.Look(path, disk => Value(disk, @"Microsoft\Cryptography", "MachineGuid"))!.Data), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_does_not_open_on_the_newer_disk_leaves_the_machine_there_until_its_set_is_left_out()
    {
        using SealedWorld sealedWorld = await SealedWorld.CreateAsync(PortableBundleTests.Old(), PortableBundleTests.Master(2));
        await sealedWorld.UpdateAsync();
        string newer = await sealedWorld.DiskAsync();
        SealedWorld.Change(newer, disk =>
        {
            RegistryKey key = disk.OpenHive(Core.Identity.HiveName.Security).Find(@"Policy\Secrets\$MACHINE.ACC\CurrVal")!;
            byte[] record = key.FindValue(string.Empty)!.Data;
            record[62] ^= 0x41;
            key.SetValue(string.Empty, 0, record);
        });

        PooledVmUpdateResult refused = await sealedWorld.RestoreAsync();
        Assert.Equal((PooledVmUpdateState.Blocked, "IdentitySecretUnreadable"), (refused.State, refused.ErrorId));
        Assert.Equal(newer, await sealedWorld.DiskAsync());

        Assert.Equal(PooledVmUpdateState.Updated, (await sealedWorld.RestoreAsync(new SwapOptions { LeaveOut = ["domain-trust"] })).State);
        Assert.NotNull(SealedWorld.Secret(await sealedWorld.DiskAsync()).Current);
    }

    private static RegistryValue? Value(Core.Identity.GuestDisk disk, string key, string value) =>
        disk.OpenHive(Core.Identity.HiveName.Software).Find(key)?.FindValue(value);
}
