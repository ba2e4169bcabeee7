using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using VmUpdate.HyperV.Tests.Support;
using Xunit;

namespace VmUpdate.HyperV.Tests;

/// <summary>A host that is a node of a failover cluster.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly SmallHost _host = new();
    private int _asked;

    public ValueTask InitializeAsync()
    {
        (_host.Small.NodeState, _host.Machine.ClusterNode) = (0, "hv01");
        _host.Small.OnCall = call => _asked += call.Contains("MSCluster_Resource", StringComparison.Ordinal) ? 1 : 0;
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Its_machines_are_shown_as_the_clusters_and_work_while_this_node_owns_them()
    {
        Assert.Equal("failover cluster", (await _host.Hypervisor.GetAsync(_host.Vm, None)).ManagedBy);
        await _host.Hypervisor.StartAsync(_host.Vm, None);
        await _host.Hypervisor.SaveAsync(_host.Vm, None);
        _host.Machine.ClusterNode = "HV02";
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(() => _host.Hypervisor.StartAsync(_host.Vm, None));
        Assert.Equal(HypervisorFailure.VmNotFound, thrown.Failure);
        Assert.Contains("HV02", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(6, _host.Machine.State);
    }

    [Fact]
    public async Task Who_is_clustered_is_asked_every_few_minutes_and_the_owner_before_each_action()
    {
        await _host.Hypervisor.ListAsync(None);
        await _host.Hypervisor.ListAsync(None);
        Assert.Equal(1, _asked);
        await _host.Hypervisor.StartAsync(_host.Vm, None);
        await _host.Hypervisor.PauseAsync(_host.Vm, None);
        Assert.Equal(3, _asked);
        _host.Small.Clock.Advance(TimeSpan.FromMinutes(6));
        await _host.Hypervisor.ListAsync(None);
        Assert.Equal(4, _asked);
    }

    [Fact]
    public async Task A_cluster_that_does_not_let_one_look_is_an_error_and_not_no_cluster()
    {
        _host.Small.OnCall = call => _ = call.Contains("MSCluster", StringComparison.Ordinal) ? throw new CimFailureException(CimStatus.AccessDenied, string.Empty, "no") : 0;
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(() => _host.Hypervisor.StartAsync(_host.Vm, None));
        Assert.Equal(HypervisorFailure.AccessDenied, thrown.Failure);
    }

    [Theory]
    [InlineData(CimStatus.InvalidNamespace, "")]
    [InlineData(CimStatus.InvalidClass, "")]
    [InlineData(CimStatus.Failed, "HRESULT 0x800706BA")]
    [InlineData(CimStatus.Failed, "")]
    public async Task Without_a_cluster_that_runs_machines_are_nobodys_and_it_is_looked_for_again_after_a_minute(int status, string id)
    {
        int asked = 0;
        _host.Small.OnCall = call => _ = call.Contains("MSCluster", StringComparison.Ordinal) && ++asked > 0 ? throw new CimFailureException(status, id, "no") : 0;
        Assert.Equal(string.Empty, (await _host.Hypervisor.GetAsync(_host.Vm, None)).ManagedBy);
        await _host.Hypervisor.SetMarkAsync(_host.Vm, VmMarks.Pool, "p", None);
        await _host.HyperV.GetLoadAsync(None);
        Assert.Equal(1, asked);
        _host.Small.Clock.Advance(TimeSpan.FromMinutes(2));
        await _host.HyperV.GetLoadAsync(None);
        Assert.Equal(2, asked);
    }

    [Theory]
    [InlineData(0U, false)]
    [InlineData(2U, true)]
    public async Task A_paused_node_is_in_maintenance(uint state, bool expected)
    {
        _host.Small.NodeState = state;
        Assert.Equal(expected, (await _host.HyperV.GetLoadAsync(None)).IsInMaintenance);
    }
}
