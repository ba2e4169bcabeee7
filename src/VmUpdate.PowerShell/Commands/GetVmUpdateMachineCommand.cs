using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Shows the virtual machines of the host, and what each was declared to be.</summary>
/// <remarks>A machine that nobody declared is Ignored: it is never woken and never touched.</remarks>
/// <example>
/// Shows all machines.
/// <code>Get-VmUpdateMachine</code>
/// </example>
/// <example>
/// Shows those that nobody declared.
/// <code>Get-VmUpdateMachine | Where-Object Role -eq Ignored</code>
/// </example>
/// <error id="VmNotFound">the host has no machine of that name.</error>
/// <error id="WrongHost">a machine that was piped in is of another host.</error>
/// <error id="StoreNotFound">there is no pool of that name.</error>
[Cmdlet(VerbsCommon.Get, "VmUpdateMachine", DefaultParameterSetName = ByMachine)]
[OutputType(typeof(VmUpdateMachine))]
public sealed class GetVmUpdateMachineCommand : MachineLookCmdlet
{
    /// <inheritdoc/>
    protected override void Show(VmSelection selection, Func<string, bool> isMeant)
    {
        foreach (MachineInfo machine in GetMachines(selection).Where(machine => isMeant(machine.Machine.Name)))
        {
            WriteObject(new VmUpdateMachine(machine, HostName));
        }
    }
}
