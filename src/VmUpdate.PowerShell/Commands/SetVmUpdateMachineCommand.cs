using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Declares what virtual machines are: pooled, personal or ignored.</summary>
/// <remarks>
/// The declaration is kept in the store under the machine's id, and noted in the machine's own description on the host. The machine
/// itself is not touched.
/// </remarks>
/// <example>
/// Puts a machine into a pool.
/// <code>Set-VmUpdateMachine -Name PC-02 -Role Pooled -Pool LabPool</code>
/// </example>
/// <error id="VmNotFound">the host has no such machine.</error>
/// <error id="AmbiguousName">several machines of the host have the name: use -Id.</error>
/// <error id="WrongHost">a machine that was piped in is of another host.</error>
/// <error id="StoreNotFound">there is no pool of that name.</error>
/// <error id="StoreInUse">a swap of the machine is open.</error>
/// <error id="WildcardsNotAllowed">-Name holds * or ?.</error>
[Cmdlet(VerbsCommon.Set, "VmUpdateMachine", DefaultParameterSetName = ByMachine, SupportsShouldProcess = true)]
[OutputType(typeof(VmUpdateMachine))]
public sealed class SetVmUpdateMachineCommand : MachineCmdlet
{
    /// <summary>What the machine is: Pooled (made from its pool's master), Personal (belongs to one user) or Ignored.</summary>
    [Parameter(Mandatory = true)]
    public MachineRole Role { get; set; }

    /// <summary>The pool of a pooled machine.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string? Pool { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (string name in Names)
        {
            ForEachTarget(name, () => Declare(VmSelection.ByName(name)));
        }

        foreach (Guid id in Ids)
        {
            ForEachTarget(id, () => Declare(VmSelection.ById(id)));
        }
    }

    private void Declare(VmSelection selection)
    {
        foreach (MachineInfo machine in GetMachines(selection))
        {
            string what = Role == MachineRole.Pooled ? $"Declare to be pooled, in pool '{Pool}'" : $"Declare to be {Role}";
            if (ShouldProcess($"virtual machine '{machine.Machine.Name}'", what))
            {
                WriteObject(new VmUpdateMachine(Await(stop => Connection.Pools.DeclareAsync(machine.Machine.Key, Role, Pool, stop)), HostName));
            }
        }
    }
}
