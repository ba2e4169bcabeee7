using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

/// <summary>The swap on a host without differencing disks, as KVM's are: the new disk is a full copy of the master.</summary>
public sealed class FullCopyTests : IAsyncLifetime
{
    private SwapWorld _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await SwapWorld.CreateAsync();
        _world.HasDifferencingDisks = false;
        _world.Reopen();
    }

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_machine_moves_to_a_disk_that_needs_no_master_and_back()
    {
        IReadOnlyList<string> before = SwapWorld.Describe(await _world.BootPathAsync());
        PreflightResult planned = Assert.Single(
            await _world.Updater().PreflightAsync(VmSelection.ById(_world.Vm.VmId), new SwapOptions { MasterPath = _world.V2 }, progress: null, CancellationToken.None));
        Assert.Contains(planned.Steps, step => step.Contains("a copy of", StringComparison.Ordinal));

        PooledVmUpdateResult result = await _world.UpdateAsync(_world.V2);
        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (result.State, result.Error));
        using (VhdxDisk disk = VhdxDisk.Open(result.DiskPath, new VhdxOpenOptions { Files = new HostFileSystem() }))
        {
            Assert.Equal(VhdxKind.Dynamic, Assert.Single(disk.Chain).Kind);
        }

        Assert.Equal("2.0", SwapWorld.VersionOn(result.DiskPath));
        Assert.Equal(before, SwapWorld.Describe(result.DiskPath));

        // The disk does not say what it was made from; the records do.
        Assert.Equal(PooledVmUpdateState.Current, (await _world.UpdateAsync(_world.V2)).State);
        PooledVmImage image = Assert.Single(await _world.Updater().GetImagesAsync(VmSelection.ById(_world.Vm.VmId), CancellationToken.None));
        Assert.Equal((_world.V2, 2), (image.Master, image.Revision));

        PooledVmUpdateResult back = await _world.RestoreAsync();
        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (back.State, back.Error));
        Assert.Equal("1.0", SwapWorld.VersionOn(await _world.BootPathAsync()));
    }
}
