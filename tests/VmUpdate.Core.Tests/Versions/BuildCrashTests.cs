using VmUpdate.Core.Versions;
using VmUpdate.Lab;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Versions;

/// <summary>A process that dies anywhere in a build, and the same call made again.</summary>
public sealed class BuildCrashTests : IAsyncLifetime
{
    private VersionWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await VersionWorld.CreateAsync();

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_kill_behind_any_step_the_same_call_makes_the_version(bool hasDifferencingDisks)
    {
        _world.HasDifferencingDisks = hasDifferencingDisks;
        _world.Reopen();
        foreach (BuildState step in Enum.GetValues<BuildState>().Where(state => state != BuildState.RolledBack))
        {
            await KillAndFinishAsync(step.ToString(), kill => _world.BuildAsync(progress: news =>
            {
                if (news.State == step)
                {
                    kill();
                }
            }));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_kill_at_any_change_of_the_host_the_same_call_makes_the_version(bool isAfterCall)
    {
        foreach (string operation in new[] { "CreateMachine", "Start", "HandOver", "ShutDown", "RemoveMachine", "DeleteDisk" })
        {
            await KillAndFinishAsync(operation, kill =>
            {
                bool isDead = false;
                _world.OnCall = (call, isAfter) =>
                {
                    if (isDead || (call.Operation == operation && isAfter == isAfterCall))
                    {
                        isDead = true;
                        kill();
                    }
                };
                return _world.BuildAsync();
            });
        }
    }

    [Fact]
    public async Task A_rollback_that_dies_is_ended_by_the_next_call()
    {
        foreach (string operation in new[] { "RemoveMachine", "DeleteDisk" })
        {
            string machine = await NextAsync(new LabGuestScript { End = LabGuestEnd.Fails });
            _world.OnCall = (call, isAfter) =>
            {
                if (!isAfter && call.Operation == operation)
                {
                    throw new KilledException(operation);
                }
            };
            await Assert.ThrowsAsync<KilledException>(() => _world.BuildAsync());
            _world.OnCall = null;
            _world.Reopen();
            Assert.NotEmpty(await _world.TracesAsync());
            await _world.ScriptAsync(new LabGuestScript(), machine);
            Assert.True(SwapWorld.HasFile((await _world.BuildAsync()).Path, VersionWorld.ChangedFile));
            Assert.Empty(await _world.TracesAsync());
        }
    }

    private async Task<string> NextAsync(LabGuestScript script)
    {
        IReadOnlyList<ImageVersion> versions = _world.Store.GetVersions(_world.Lab.HostId, _world.Pool);
        string machine = $"Lab-v{(versions.Count == 0 ? 2 : versions[^1].Number + 1)}-build";
        await _world.ScriptAsync(script, machine);
        return machine;
    }

    private async Task KillAndFinishAsync(string where, Func<Action, Task<ImageVersion>> build)
    {
        string master = _world.Master;
        string hash = SwapWorld.Sha256(master);
        await NextAsync(new LabGuestScript());

        // A bug of an action in the broker comes out wrapped.
        Exception end = await Assert.ThrowsAnyAsync<Exception>(() => build(() => throw new KilledException(where)));
        Assert.IsType<KilledException>(end is InvalidOperationException ? end.InnerException : end);
        _world.OnCall = null;
        _world.Reopen();

        ImageVersion version = await _world.BuildAsync();
        Assert.Equal(hash, SwapWorld.Sha256(master));
        Assert.Equal(version.Path, _world.Master);
        Assert.NotEqual(master, version.Path);
        Assert.True(SwapWorld.HasFile(version.Path, VersionWorld.ChangedFile), where);
        Assert.Equal([], await _world.TracesAsync());
        Assert.Null(_world.Store.FindOpenBuild(_world.Lab.HostId, _world.Pool));
    }
}
