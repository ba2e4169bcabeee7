using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Versions;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Lab;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Versions;

/// <summary>The next version of a pool's master, and the pool's machines on it.</summary>
public sealed class BuildTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
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
    public async Task A_task_changes_the_next_version_and_the_pools_machines_get_it_and_stay_themselves(bool hasDifferencingDisks)
    {
        _world.HasDifferencingDisks = hasDifferencingDisks;
        _world.Reopen();
        string before = SwapWorld.Sha256(_world.V1);
        var steps = new List<BuildState>();
        ImageVersion version = await _world.BuildAsync(progress: news => steps.Add(news.State));

        Assert.Equal((2, 1, _world.V1), (version.Number, version.FromNumber, _world.Store.GetVersions(_world.Lab.HostId, _world.Pool)[0].Path));
        Assert.Equal(
            [BuildState.Planned, BuildState.DiskPrepared, BuildState.MachineMade, BuildState.TaskGiven, BuildState.MachineStopped, BuildState.Sealed, BuildState.Checked, BuildState.Committed],
            steps.Distinct());
        Assert.Equal(before, SwapWorld.Sha256(_world.V1));
        Assert.Equal(version.Path, _world.Master);
        Assert.Matches(@"master-v1\.v2\.[0-9a-f]{8}\.vhdx$", version.Path);
        using (VhdxDisk disk = VhdxDisk.Open(version.Path, new VhdxOpenOptions { Files = new HostFileSystem() }))
        {
            Assert.Equal((VhdxKind.Dynamic, version.DataWriteGuid), (Assert.Single(disk.Chain).Kind, disk.DataWriteGuid));
        }

        Assert.True(SwapWorld.HasFile(version.Path, VersionWorld.ChangedFile));
        Assert.False(SwapWorld.HasFile(_world.V1, VersionWorld.ChangedFile));
        Assert.Empty(await _world.TracesAsync());

        List<IReadOnlyList<string>> identities = [];
        foreach (VmKey vm in _world.Contents.Pooled)
        {
            identities.Add(SwapWorld.Describe(await BootPathAsync(vm)));
        }

        IReadOnlyList<PooledVmUpdateResult> moved = await new PooledImageUpdater(_world.Images()).UpdateAsync(VmSelection.ByPool(_world.Pool), new SwapOptions(), null, None);
        Assert.All(moved, result => Assert.Equal((PooledVmUpdateState.Updated, version.Path), (result.State, result.To)));
        Assert.NotEqual(identities[0], identities[1]);
        for (int i = 0; i < identities.Count; i++)
        {
            string path = await BootPathAsync(_world.Contents.Pooled[i]);
            Assert.Equal(identities[i], SwapWorld.Describe(path));
            Assert.True(SwapWorld.HasFile(path, VersionWorld.ChangedFile));
        }
    }

    [Fact]
    public async Task Versions_say_where_they_come_from_what_was_done_and_who_is_on_them()
    {
        VersionInfo only = Assert.Single(await _world.Versions().GetAsync(_world.Pool, None));
        Assert.Equal((1, _world.V1, true, true, 2), (only.Version.Number, only.Version.Path, only.IsCurrent, only.Exists, only.UsedBy.Count));

        ImageVersion second = await _world.BuildAsync();
        await _world.ScriptAsync(new(), "Lab-v3-build");
        ImageVersion third = await _world.BuildAsync();
        Assert.Equal((3, 2), (third.Number, third.FromNumber));
        Assert.Matches(@"master-v1\.v3\.[0-9a-f]{8}\.vhdx$", third.Path);
        Assert.True(SwapWorld.HasFile(third.Path, VersionWorld.ChangedFile));

        // The master's own leaks come with it, and are nothing new.
        Assert.Contains(second.Findings, finding => finding is { Set: "auto-logon", IsNew: false });
        Assert.DoesNotContain(second.Findings, finding => finding.IsNew);

        File.Delete(second.Path);
        IReadOnlyList<VersionInfo> all = await _world.Versions().GetAsync(_world.Pool, None);
        Assert.Equal([(1, false, true), (2, false, false), (3, true, true)], all.Select(v => (v.Version.Number, v.IsCurrent, v.Exists)));
        Assert.Equal([2, 0, 0], all.Select(v => v.UsedBy.Count));
        Assert.NotNull(all[2].Version.RunId);
    }

    [Fact]
    public async Task A_guest_that_restarts_by_itself_and_a_user_who_logs_on_in_the_build_machine_change_nothing()
    {
        await _world.ScriptAsync(new() { Restarts = 1, NeedsRestart = true });
        _world.OnBuildMachine(vm => _world.Lab.SetSessionsAsync(vm, [new LabSession(1, "auto", ArrivesAfter: TimeSpan.FromMilliseconds(1))], None));
        ImageVersion version = await _world.BuildAsync();
        Assert.True(SwapWorld.HasFile(version.Path, VersionWorld.ChangedFile));
        Assert.Empty(version.Warnings);
        Assert.Empty(await _world.TracesAsync());
    }

    [Fact]
    public async Task A_master_that_the_pool_was_given_by_hand_is_a_version_of_its_own()
    {
        await _world.BuildAsync();
        _world.Store.Write(t => t.SavePool(_world.Store.FindPool(_world.Lab.HostId, _world.Pool)! with { MasterPath = _world.Contents.NextMaster }));
        await _world.ScriptAsync(new(), "Lab-v4-build");
        ImageVersion version = await _world.BuildAsync();
        Assert.Equal((4, 3), (version.Number, version.FromNumber));
        Assert.Equal(_world.Contents.NextMaster, _world.Store.GetVersions(_world.Lab.HostId, _world.Pool)[2].Path);
        Assert.Equal("2.0", SwapWorld.VersionOn(version.Path));
    }

    private async Task<string> BootPathAsync(VmKey vm) => (await _world.Lab.GetDisksAsync(vm, None)).Single(disk => disk.BootOrder == 0).Path;
}
