using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Says of each pooled virtual machine what a swap would do, and whether it may be tried.</summary>
/// <remarks>
/// <para>
/// Nothing is changed and nothing is stopped. Each machine gets one object: Ready, Warn or Blocked, with the reason and the remedy, what
/// would be carried to the new disk, removed from it, and lost. The disk of a running machine is not read: what is on it is checked when
/// it has been stopped.
/// </para>
/// <para><see cref="UpdatePooledVmImageCommand"/> runs the same checks first, and takes the same parameters.</para>
/// </remarks>
/// <example>
/// Checks a pool before it is moved.
/// <code>Test-PooledVmImage -Pool LabPool -MasterPath $lab.NewMasterPath</code>
/// The default view shows verdict and reason; Format-List shows the rest.
/// </example>
/// <example>
/// Shows only what stands in the way, with what to do about it.
/// <code>Test-PooledVmImage -Pool LabPool | Where-Object Verdict -eq Blocked | ForEach-Object { "$($_.VMName): $($_.Reason) $($_.Remedy)" }</code>
/// </example>
/// <error id="StoreNotFound">there is no pool of that name.</error>
/// <error id="NotConnected">Connect-VmUpdateHost was not run.</error>
/// <error id="WrongHost">a machine that was piped in is of another host.</error>
/// <error id="WildcardsNotAllowed">-Name holds * or ?.</error>
/// <error id="IdentityCatalogueInvalid">a file of -CataloguePath is not valid: file, line and reason.</error>
[Cmdlet(VerbsDiagnostic.Test, "PooledVmImage", DefaultParameterSetName = ByMachine)]
[OutputType(typeof(PooledVmImageTest))]
public sealed class TestPooledVmImageCommand : NewImageCmdlet
{
    /// <inheritdoc/>
    protected override void Act(VmSelection selection)
    {
        SwapOptions options = Options();
        foreach (PreflightResult result in AwaitShown(
            "Looking at machines", (show, stop) => Connection.Images.PreflightAsync(selection, options, show, stop)))
        {
            WriteObject(new PooledVmImageTest(result, HostName));
        }
    }
}
