using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

/// <summary>The failover cluster that a host is a node of, if it is one.</summary>
internal sealed class Cluster
{
    // Each machine of the cluster costs its service a look of its own, and who is clustered changes rarely. Who owns it is asked afresh.
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Absence = TimeSpan.FromMinutes(1);

    private readonly ICimClient _client;
    private readonly IClock _clock;
    private (TimeSpan At, HashSet<Guid> Machines)? _known;
    private TimeSpan? _absentSince;

    internal Cluster(ICimClient client, IClock clock)
    {
        _client = client;
        _clock = clock;
    }

    /// <summary>The machines that the cluster runs, on whichever node.</summary>
    internal async Task<IReadOnlyCollection<Guid>> GetMachinesAsync(string host, CancellationToken cancellation)
    {
        if (_known is { } known && _clock.Monotonic - known.At < Freshness)
        {
            return known.Machines;
        }

        IReadOnlyList<CimRecord> resources = await QueryAsync(
            Names.ClusterResource.Class, Names.ClusterResource.Type, HyperVValues.ClusteredMachine, host, cancellation).ConfigureAwait(false);
        var machines = new HashSet<Guid>();
        foreach (CimRecord resource in resources)
        {
            if (Guid.TryParse(resource.Record(Names.ClusterResource.PrivateProperties)?.Text(Names.ClusterProperty.VmId), out Guid id))
            {
                machines.Add(id);
            }
        }

        _known = (_clock.Monotonic, machines);
        return machines;
    }

    /// <summary>The node that runs a machine now; empty when the cluster does not.</summary>
    internal async Task<string> FindOwnerAsync(Guid vm, string host, CancellationToken cancellation)
    {
        CimRecord? resource = (await QueryAsync(
            Names.ClusterResource.Class,
            $"{Names.ClusterResource.PrivateProperties}.{Names.ClusterProperty.VmId}",
            vm.ToString("D"),
            host,
            cancellation).ConfigureAwait(false)).FirstOrNone();
        return resource?.Text(Names.ClusterResource.OwnerNode) ?? string.Empty;
    }

    /// <summary>Whether the host is a node that is paused: it is being emptied.</summary>
    internal async Task<bool> IsPausedAsync(string host, CancellationToken cancellation) =>
        (await QueryAsync(Names.ClusterNode.Class, Names.ClusterNode.Name, host, host, cancellation).ConfigureAwait(false))
            .FirstOrNone()?.Number(Names.ClusterNode.State) == HyperVValues.NodeIsPaused;

    private async Task<IReadOnlyList<CimRecord>> QueryAsync(
        string className, string property, string value, string host, CancellationToken cancellation)
    {
        if (_absentSince is { } since && _clock.Monotonic - since < Absence)
        {
            return [];
        }

        try
        {
            return await _client.QueryAsync(new CimQuery(Names.ClusterNamespace, className, property, value), cancellation).ConfigureAwait(false);
        }
        catch (CimFailureException failure)
        {
            HypervisorException translated = HyperVErrors.Translate(failure, host, "asking the failover cluster");
            if (translated.Failure == HypervisorFailure.AccessDenied)
            {
                // There is one, and what it runs is not known: that is not the same as nothing.
                throw translated;
            }

            // Without the feature there is no such namespace; with it, and no cluster or its service stopped, each version fails in its own
            // way. A host that is gone is found by the next question.
            _absentSince = _clock.Monotonic;
            return [];
        }
    }
}
