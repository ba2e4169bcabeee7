using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.HyperV.Access;
using VmUpdate.HyperV.Cim;
using VmUpdate.HyperV.Tests.Support;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.HyperV.Tests;

/// <summary>Whole swaps of a machine of the small Hyper-V, on real disks.</summary>
public sealed class SwapTests
{
    private const string Rollback = "RDV_Rollback - PC-01";
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_running_machine_is_moved_to_the_new_master_and_its_account_is_let_in()
    {
        using SwapOnHyperV world = await SwapOnHyperV.CreateAsync();
        string before = SwapWorld.Sha256(world.OldDisk);
        string sid = VmSid.Of(world.Vm.VmId);
        await world.HyperV.StartAsync(world.Vm, None);
        PooledVmUpdateResult result = await world.UpdateAsync();
        Assert.True(result.State == PooledVmUpdateState.Updated, result.Error);
        Assert.Equal(("Guest", 2), (result.VerifiedBy, world.Machine.State));
        Assert.Equal(result.DiskPath, world.Machine.Disks[0].Path);
        Assert.Equal("2.0", SwapWorld.VersionOn(result.DiskPath));
        Assert.Equal(SwapWorld.Describe(world.OldDisk), SwapWorld.Describe(result.DiskPath));
        Assert.Equal(before, SwapWorld.Sha256(world.OldDisk));
        Assert.True(world.Rights.Has(result.DiskPath, sid, AccessList.ReadAndWrite));
        Assert.True(world.Rights.Has(world.NextMaster, VmSid.AllMachines, AccessList.Read));
        Assert.Equal([result.DiskPath, world.NextMaster], world.Rights.Lists.Keys);
        Assert.Empty(world.Violations);
    }

    [Fact]
    public async Task A_right_that_cannot_be_given_puts_the_machine_back()
    {
        using SwapOnHyperV world = await SwapOnHyperV.CreateAsync();
        world.Rights.IsDenied = true;
        PooledVmUpdateResult denied = await world.UpdateAsync();
        Assert.Equal((PooledVmUpdateState.RolledBack, "AccessDenied"), (denied.State, denied.ErrorId));
        Assert.Contains("icacls", denied.Error, StringComparison.Ordinal);
        (world.Rights.IsDenied, world.Rights.Forgets) = (false, true);
        PooledVmUpdateResult forgotten = await world.UpdateAsync();
        Assert.Equal((PooledVmUpdateState.RolledBack, "AccessDenied"), (forgotten.State, forgotten.ErrorId));
        Assert.Equal(world.OldDisk, world.Machine.Disks[0].Path);
    }

    [Fact]
    public async Task Rights_are_looked_at_again_before_the_start()
    {
        using SwapOnHyperV world = await SwapOnHyperV.CreateAsync();
        await world.HyperV.StartAsync(world.Vm, None);
        world.Small.OnCall = call =>
        {
            if (call.EndsWith("ModifyResourceSettings", StringComparison.Ordinal))
            {
                // Somebody's script that sets the folder's rights anew.
                world.Rights.Lists.Clear();
            }
        };
        PooledVmUpdateResult result = await world.UpdateAsync();
        Assert.Equal(PooledVmUpdateState.Updated, result.State);
        Assert.Equal(2, world.Rights.Lists.Count);
    }

    [Theory]
    [InlineData("shielded", "VmShielded")]
    [InlineData("cluster", "VmManagedByOther")]
    [InlineData("replica", "VmManagedByOther")]
    [InlineData("RDS", "VmHasCheckpoints")]
    [InlineData("SCVMM", "VmManagedByOther")]
    [InlineData("MCS", "VmManagedByOther")]
    [InlineData("generation", "FirmwareDiffers")]
    [InlineData("merging", "VmHasCheckpoints")]
    public async Task What_may_not_be_swapped_is_refused_by_name(string what, string error)
    {
        using SwapOnHyperV world = await SwapOnHyperV.CreateAsync(isGeneration2: what != "generation");
        SmallVm machine = world.Machine;
        switch (what)
        {
            case "shielded":
                (machine.HasTpm, machine.IsShielded) = (true, true);
                break;
            case "cluster":
                (world.Small.NodeState, machine.ClusterNode) = (0, "HV01");
                world.Small.Clock.Advance(TimeSpan.FromMinutes(6));
                break;
            case "replica":
                machine.ReplicationMode = 1;
                break;
            case "RDS":
                machine.Snapshots.Add(new SmallSnapshot(Rollback, "Microsoft:Hyper-V:Snapshot:Realized", world.OldDisk));
                break;
            case "SCVMM":
                machine.Notes = ["CLUSTER-INVARIANT:{2f1a5d64-0d9c-4c0f-8c2a-5f5d2f9b1c11}"];
                break;
            case "MCS":
                machine.Disks.Add(new SmallDisk { Path = "/vms/PC-01-IdentityDisk.vhdx", Slot = 1 });
                break;
            case "merging":
                File.Copy(world.OldDisk, Path.ChangeExtension(world.OldDisk, ".avhdx"));
                machine.Disks[0].Path = Path.ChangeExtension(world.OldDisk, ".avhdx");
                break;
        }

        string disk = machine.Disks[0].Path;
        PooledVmUpdateResult result = await world.UpdateAsync(allowManagedBy: what is "cluster");
        Assert.Equal(PooledVmUpdateState.Blocked, result.State);
        IEnumerable<string> ids = (await world.Updater().PreflightAsync(
            VmSelection.ById(world.Vm.VmId), new SwapOptions { MasterPath = world.NextMaster, AllowManagedBy = what is "cluster" }, progress: null, None)).Single().Findings
            .Where(finding => finding.Verdict == PreflightVerdict.Blocked).Select(finding => finding.Id);
        Assert.Contains(error, ids);
        Assert.Equal(disk, machine.Disks[0].Path);
    }

    [Fact]
    public async Task A_virtual_TPM_is_a_warning()
    {
        using SwapOnHyperV world = await SwapOnHyperV.CreateAsync();
        world.Machine.HasTpm = true;
        PooledVmUpdateResult result = await world.UpdateAsync();
        Assert.Equal(PooledVmUpdateState.Updated, result.State);
        Assert.Contains(result.Warnings, warning => warning.Contains("virtual TPM", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_checkpoint_of_RDS_is_made_anew_as_the_last_step_and_after_a_crash_in_it()
    {
        using SwapOnHyperV world = await SwapOnHyperV.CreateAsync();
        world.Machine.Snapshots.Add(new SmallSnapshot(Rollback, "Microsoft:Hyper-V:Snapshot:Realized", world.OldDisk));
        world.Small.OnCall = call => _ = call.EndsWith("CreateSnapshot", StringComparison.Ordinal)
            ? throw new CimFailureException(CimStatus.Failed, "HRESULT 0x800706BE", "gone")
            : 0;
        PooledVmUpdateResult broken = await world.UpdateAsync(allowManagedBy: true);
        Assert.Equal((PooledVmUpdateState.Failed, "HostNotReachable"), (broken.State, broken.ErrorId));
        Assert.Empty(world.Machine.Snapshots);
        world.Small.OnCall = _ => { };
        PooledVmUpdateResult result = await world.UpdateAsync(allowManagedBy: true);
        Assert.True(result.State is PooledVmUpdateState.Updated or PooledVmUpdateState.Current, $"{result.State}: {result.Error}");
        SmallSnapshot renewed = Assert.Single(world.Machine.Snapshots);
        Assert.Equal((Rollback, world.Machine.Disks[0].Path), (renewed.Name, renewed.DiskPath));
        SwapRecord swap = world.Store.GetSwaps(world.Vm)[^1];
        Assert.Equal(SwapState.Committed, swap.State);
        Assert.Contains(world.Store.GetSteps(swap.Id), step => step == step with { State = SwapState.CheckpointRenewed, Note = Rollback });
    }
}
