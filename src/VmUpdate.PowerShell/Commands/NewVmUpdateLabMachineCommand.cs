using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Lab;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Makes a machine in a lab from a VHDX file of yours.</summary>
/// <remarks>The machine gets a child of your file. The file itself is only read, and stays as it is; it must stay where it is, too.</remarks>
/// <example>
/// Tries a swap on a copy-on-write child of your own disk.
/// <code>New-VmUpdateLabMachine -LabPath $lab.LabPath -Name PC-90 -DiskPath $lab.OldMasterPath -Pool LabPool</code>
/// </example>
/// <error id="HostNotReachable">there is no lab in the folder.</error>
/// <error id="HostFileNotFound">the disk does not exist.</error>
/// <error id="DiskWrongFormat">the file is not a VHDX file.</error>
[Cmdlet(VerbsCommon.New, "VmUpdateLabMachine", SupportsShouldProcess = true)]
[OutputType(typeof(VmUpdateMachine))]
public sealed class NewVmUpdateLabMachineCommand : VmUpdateCmdlet
{
    /// <summary>The lab's folder.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string LabPath { get; set; } = string.Empty;

    /// <summary>The machine's name.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [Alias("VMName")]
    public string Name { get; set; } = string.Empty;

    /// <summary>Your disk: a VHDX file with a Windows on it.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string DiskPath { get; set; } = string.Empty;

    /// <summary>The pool that the machine is put into. One that does not exist is made, without a master. Without it, the machine is Ignored.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string? Pool { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string labPath = ResolvePath(LabPath);
        string diskPath = ResolvePath(DiskPath);
        ForEachTarget(Name, () =>
        {
            LabHypervisor lab = HostKinds.OpenLab(labPath);
            if (ShouldProcess($"lab '{labPath}'", $"Make the machine '{Name}' on a child of '{diskPath}'"))
            {
                VmKey made = Await(stop => LabFactory.AdoptAsync(lab, Name, diskPath, Pool, new LabOptions { Files = HostSession.Files }, stop));
                using HostSession session = HostSession.Open(HostKinds.OfLab(lab));
                foreach (MachineInfo machine in Await(stop => session.Pools.GetMachinesAsync(VmSelection.ById(made.VmId), stop)))
                {
                    WriteObject(new VmUpdateMachine(machine, lab.HostName));
                }
            }
        });
    }
}
