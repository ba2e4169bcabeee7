using VmUpdate.Core.Broker;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Completion;

/// <summary>Offers the names of the connected host's update tasks.</summary>
public sealed class TaskNameCompleter : HostCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(HostSession session) =>
        session.Store.GetTasks(session.Host.HostId).Select(record => (record.Task.Name, $"{record.Task.Name}: {record.Task.Kind}, {record.OpenRuns} open"));
}
