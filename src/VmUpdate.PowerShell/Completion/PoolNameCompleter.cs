using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Completion;

/// <summary>Offers the names of the connected host's pools.</summary>
public sealed class PoolNameCompleter : HostCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(HostSession session) =>
        session.Pools.GetAll().Select(pool => (pool.Name, $"{pool.Name}: {pool.MasterPath}"));
}
