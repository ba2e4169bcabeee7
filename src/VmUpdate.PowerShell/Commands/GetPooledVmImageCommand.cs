using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Says what pooled virtual machines are on: revision, master, disk, and the former disk while it is kept.</summary>
/// <remarks>Without parameters it shows all pooled machines of the host. A machine whose swap was interrupted shows the step in OpenSwap.</remarks>
/// <example>
/// Shows a pool.
/// <code>Get-PooledVmImage -Pool LabPool</code>
/// </example>
/// <example>
/// Shows the machines that are not on their pool's master.
/// <code>Get-PooledVmImage | Where-Object { -not $_.IsCurrent }</code>
/// </example>
/// <error id="VmNotFound">the host has no machine of that name.</error>
/// <error id="WrongHost">a machine that was piped in is of another host.</error>
/// <error id="StoreNotFound">there is no pool of that name.</error>
[Cmdlet(VerbsCommon.Get, "PooledVmImage", DefaultParameterSetName = ByMachine)]
[OutputType(typeof(PooledVmImageInfo))]
public sealed class GetPooledVmImageCommand : MachineLookCmdlet
{
    /// <inheritdoc/>
    protected override void Show(VmSelection selection, Func<string, bool> isMeant)
    {
        foreach (PooledVmImage image in Await(stop => Connection.Images.GetImagesAsync(selection, stop)).Where(image => isMeant(image.VMName)))
        {
            WriteObject(new PooledVmImageInfo(image, HostName));
        }
    }
}
