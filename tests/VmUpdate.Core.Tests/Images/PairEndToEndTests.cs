using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tests.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Lab;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

/// <summary>
/// The prepared pairs through the whole swap, machine and all. What is on the result is what the identity's own tests find on theirs,
/// which other programs judge.
/// </summary>
public sealed class PairEndToEndTests
{
    [Theory]
    [InlineData("pair")]
    [InlineData("pair2")]
    public async Task The_whole_swap_gives_the_disk_that_is_judged_and_leaves_the_old_one_as_it_was(string pair)
    {
        IdentityOptions identity = PairSwapTests.OptionsOf(pair, UserDataMode.Never);
        using PairSwap judged = PairSwap.Run(pair, identity);
        using SwapWorld world = await SwapWorld.CreateAsync();
        var labOptions = new LabOptions { Files = new HostFileSystem(), Clock = world.Clock };
        VmKey vm = await LabFactory.AdoptAsync(world.Lab, "Old 7", judged.OldPath, world.Contents.Pool, labOptions, CancellationToken.None);
        string child = await world.BootPathAsync(vm);
        string[] untouched = [judged.OldPath, judged.MasterPath, child];
        string[] before = untouched.Select(SwapWorld.Sha256).ToArray();
        world.Identities = world.OpenFolderStore();
        await world.Lab.StartAsync(vm, CancellationToken.None);

        PooledVmUpdateResult result = await world.UpdateAsync(
            judged.MasterPath, new SwapOptions { Dpapi = identity.Dpapi, UserDataLimitBytes = identity.UserDataLimitBytes, LeaveOut = identity.LeaveOut }, vm: vm);

        Assert.Equal((PooledVmUpdateState.Updated, string.Empty, "Guest"), (result.State, result.Error, result.VerifiedBy));
        Assert.Equal(before, untouched.Select(SwapWorld.Sha256));
        using VhdxDisk disk = VhdxDisk.Open(result.DiskPath, new VhdxOpenOptions { Files = new HostFileSystem() });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = result.DiskPath });
        Assert.DoesNotContain(DiskContents.Differences(DiskContents.Files(judged.Result), DiskContents.Files(guest)), IsNoHive);
        foreach (HiveName hive in new[] { HiveName.System, HiveName.Software, HiveName.Sam })
        {
            Assert.Empty(DiskContents.Differences(DiskContents.Values(judged.Result, hive), DiskContents.Values(guest, hive)));
        }
    }

    // The hives' own bytes hold times and what sealing anew made of secrets; their values are compared one by one.
    private static bool IsNoHive(string path) =>
        !path.StartsWith(@"Windows\System32\config\", StringComparison.OrdinalIgnoreCase)
        && !path.Contains(@"\Protect\", StringComparison.OrdinalIgnoreCase);
}
