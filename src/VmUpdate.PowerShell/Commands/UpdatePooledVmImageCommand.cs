using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Moves pooled virtual machines to the disk of an updated master image, each keeping its identity.</summary>
/// <remarks>
/// <para>
/// Each machine gets a new disk, a child of the master, and what makes it this machine (its name, its Windows Update, agent and host key
/// identities, perhaps users' files) is copied from the old disk to the new one while neither is in use. Then the machine is started and
/// checked. The machine is shut down by its own guest; none is turned off by force, and saved state is never thrown away.
/// </para>
/// <para>
/// The old disk is only read, and kept: <see cref="RestorePooledVmImageCommand"/> goes back to it, and
/// <see cref="RemovePooledVmOldDiskCommand"/> deletes it when its time is over. The master is only read.
/// </para>
/// <para>
/// Every step is written down before it is done. After a crash, run the same command again: it finishes or undoes what was begun. One
/// machine's failure does not stop the others; each gets one object, so that Export-Csv makes the report.
/// </para>
/// </remarks>
/// <example>
/// Moves a whole pool, two machines at a time, and writes a report.
/// <code>Update-PooledVmImage -Pool LabPool -MasterPath $lab.NewMasterPath -ThrottleLimit 2 -Force | Export-Csv report.csv</code>
/// </example>
/// <example>
/// Says what would be done to two machines.
/// <code>Update-PooledVmImage -Name PC-01, PC-02 -MasterPath $lab.NewMasterPath -WhatIf</code>
/// Nothing is changed. Test-PooledVmImage says more.
/// </example>
/// <example>
/// Moves those machines that are not on the pool's master yet.
/// <code>Get-PooledVmImage -Pool LabPool | Where-Object { -not $_.IsCurrent } | Update-PooledVmImage -Force</code>
/// </example>
/// <error id="VmNotFound">the host has no such machine.</error>
/// <error id="AmbiguousName">several machines of the host have the name: use -Id.</error>
/// <error id="WrongHost">a machine that was piped in is of another host.</error>
/// <error id="VmIgnored">the machine was never declared: Set-VmUpdateMachine -Role Pooled -Pool does.</error>
/// <error id="VmNotPooled">the machine was declared to be something else.</error>
/// <error id="VmInUse">somebody is logged on: see -DrainMinutes.</error>
/// <error id="VmManagedByOther">another system deploys the machine: see -AllowManagedBy. A cluster's machines are refused always.</error>
/// <error id="VmShielded">the machine is shielded.</error>
/// <error id="FirmwareDiffers">the machine and the master are not of one generation.</error>
/// <error id="VmHasCheckpoints">the machine has checkpoints, which hold its present disk.</error>
/// <error id="AmbiguousBootDisk">which disk the machine boots from cannot be told.</error>
/// <error id="NoMaster">no master was named, neither here nor in the pool.</error>
/// <error id="HostFileNotFound">the master, or a disk, does not exist.</error>
/// <error id="HostFileInUse">another program holds a disk.</error>
/// <error id="DiskWrongFormat">a file is not a VHDX file.</error>
/// <error id="DiskBitLocker">a disk is encrypted: run manage-bde -off in the guest first.</error>
/// <error id="DiskHibernated">a disk belongs to a hibernated Windows: run powercfg /h off in the guest and shut it down.</error>
/// <error id="IdentitySharedMachineSid">the master is not generalized, and its Windows minds: see -AllowSharedMachineSid.</error>
/// <error id="IdentityStaticAddress">the machine has an address that was set by hand: see -ExcludeSet and -CarrySet.</error>
/// <error id="NotEnoughSpace">the volume has not enough room for the new disk.</error>
/// <error id="Stopped">not begun, because too many before it failed: see -StopOnFailureCount.</error>
/// <error id="StoreLeaseHeld">another process works on the same pool.</error>
/// <error id="IdentityCatalogueInvalid">a file of -CataloguePath is not valid: file, line and reason.</error>
[Cmdlet(VerbsData.Update, "PooledVmImage", DefaultParameterSetName = ByMachine, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(PooledVmImageUpdate))]
public sealed class UpdatePooledVmImageCommand : NewImageCmdlet
{
    /// <summary>Asks nobody. It waives no check: those have switches of their own.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void Act(VmSelection selection)
    {
        SwapOptions options = Options();
        string action = options.MasterPath is { } master ? $"Replace the disk by a child of '{master}'" : "Replace the disk by a child of its pool's master";
        Run(
            selection,
            "Moving virtual machines to a new master",
            action,
            Force,
            (agreed, progress, stop) => Connection.Images.UpdateAsync(agreed, options, progress, stop));
    }
}
