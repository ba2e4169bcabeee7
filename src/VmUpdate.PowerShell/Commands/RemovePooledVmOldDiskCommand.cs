using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Deletes disks that pooled virtual machines had before, when their time is over.</summary>
/// <remarks>
/// A disk that is attached to a machine, or is a parent of one that is, is never deleted. Each disk gets one object, whether it was
/// deleted or not; one whose time is not over is left without an error, since that is how it should be.
/// </remarks>
/// <example>
/// Deletes what may go, as a scheduled task would.
/// <code>Remove-PooledVmOldDisk -Pool LabPool -Force</code>
/// </example>
/// <example>
/// Says what would be deleted if the time were over.
/// <code>Remove-PooledVmOldDisk -Pool LabPool -AllowBeforeTime -WhatIf</code>
/// </example>
/// <error id="DiskInUse">the disk is attached to a machine, or is a parent of one that is.</error>
/// <error id="StoreNotFound">there is no pool of that name.</error>
[Cmdlet(VerbsCommon.Remove, "PooledVmOldDisk", DefaultParameterSetName = ByMachine, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(PooledVmOldDisk))]
public sealed class RemovePooledVmOldDiskCommand : PooledVmCmdlet
{
    /// <summary>Deletes disks whose time to be kept is not over, too.</summary>
    [Parameter]
    public SwitchParameter AllowBeforeTime { get; set; }

    /// <summary>Asks nobody. It waives no check.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void Act(VmSelection selection)
    {
        var machines = new List<Guid>();
        foreach (IGrouping<Guid, OldDiskResult> machine in Await(stop => Connection.Images.GetOldDisksAsync(selection, AllowBeforeTime, stop)).GroupBy(disk => disk.VMId))
        {
            string[] removable = [.. machine.Where(disk => disk.Removable).Select(disk => $"'{disk.Path}'")];
            if (removable.Length == 0 || Agreed(machine.First().VMName, removable))
            {
                machines.Add(machine.Key);
            }
        }

        if (machines.Count == 0 || IsWhatIf)
        {
            return;
        }

        foreach (OldDiskResult disk in Await(stop => Connection.Images.RemoveOldDisksAsync(VmSelection.ById(machines), AllowBeforeTime, stop)))
        {
            Write(disk);
        }
    }

    private bool Agreed(string machine, string[] disks)
    {
        string what = $"Delete old disks of virtual machine '{machine}': {string.Join(", ", disks)}";
        return Confirmed($"{what}.", $"{what}?", Force);
    }

    private void Write(OldDiskResult disk)
    {
        WriteObject(new PooledVmOldDisk(disk, HostName));
        if (disk.ErrorId.Length > 0 && disk.ErrorId != nameof(SwapFailure.KeptLonger))
        {
            WriteError(new ErrorRecord(new InvalidOperationException(disk.Error), disk.ErrorId, ErrorCategory.InvalidOperation, disk.Path));
        }
    }
}
