using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

public sealed class PoolServiceTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private SwapWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await SwapWorld.CreateAsync(pooled: 2);

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void A_pool_is_made_changed_and_removed()
    {
        PoolService pools = _world.Pools;
        pools.Create("Lesesaal", "/m.vhdx", TimeSpan.FromDays(3));
        Assert.Equal(StoreFailure.AlreadyExists, Assert.Throws<StoreException>(() => pools.Create("LESESAAL", string.Empty, null)).Failure);
        Assert.Equal("/n.vhdx", pools.Set("lesesaal", "/n.vhdx", null).MasterPath);
        Assert.Equal(TimeSpan.FromDays(3), pools.Get("Lesesaal").KeepOldDisksFor);
        pools.Remove("Lesesaal");
        Assert.Equal(StoreFailure.NotFound, Assert.Throws<StoreException>(() => pools.Get("Lesesaal")).Failure);
    }

    [Fact]
    public async Task What_a_machine_is_is_also_in_its_own_description()
    {
        await _world.Pools.DeclareAsync(_world.Vm, MachineRole.Personal, null, None);
        Assert.Equal(("Personal", false), (
            (await _world.Lab.GetMarksAsync(_world.Vm, None))[VmMarks.Role],
            (await _world.Lab.GetMarksAsync(_world.Vm, None)).ContainsKey(VmMarks.Pool)));
        await _world.Pools.DeclareAsync(_world.Vm, MachineRole.Pooled, _world.Contents.Pool, None);
        Assert.Equal(_world.Contents.Pool, (await _world.Lab.GetMarksAsync(_world.Vm, None))[VmMarks.Pool]);
        await _world.Pools.DeclareAsync(_world.Vm, MachineRole.Ignored, null, None);
        Assert.Empty(await _world.Lab.GetMarksAsync(_world.Vm, None));
    }

    [Fact]
    public async Task A_machine_that_nobody_declared_is_ignored()
    {
        _world.Lab.AddMachine("stranger", []);
        MachineInfo stranger = (await _world.Pools.GetMachinesAsync(VmSelection.ByName("STRANGER"), None)).Single();
        Assert.Equal((MachineRole.Ignored, string.Empty), (stranger.Role, stranger.Pool));
        Assert.Equal(3, (await _world.Pools.GetMachinesAsync(VmSelection.All, None)).Count);
    }

    [Fact]
    public async Task A_machine_in_the_middle_of_a_swap_stays_what_it_is()
    {
        await Assert.ThrowsAsync<KilledException>(() => _world.UpdateAsync(_world.V2, progress: _ => throw new KilledException("first step")));
        Assert.Equal(
            StoreFailure.InUse,
            (await Assert.ThrowsAsync<StoreException>(() => _world.Pools.DeclareAsync(_world.Vm, MachineRole.Ignored, null, None))).Failure);
    }

    [Fact]
    public void A_pool_that_has_machines_is_not_removed() =>
        Assert.Equal(StoreFailure.InUse, Assert.Throws<StoreException>(() => _world.Pools.Remove(_world.Contents.Pool)).Failure);
}
