using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Completion;

/// <summary>Offers the names of the connected host's virtual machines.</summary>
public sealed class VmNameCompleter : HostCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(HostSession session) =>
        Wait(stop => session.Pools.GetMachinesAsync(VmSelection.All, stop))
            .Select(machine => (machine.Machine.Name, $"{machine.Machine.Name}: {machine.Role} {machine.Pool}".TrimEnd()));
}
