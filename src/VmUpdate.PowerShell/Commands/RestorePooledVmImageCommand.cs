using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Moves pooled virtual machines back to the disk they had before their last swap.</summary>
/// <remarks>
/// <para>
/// The way back is a swap, too: the machine gets a child of its old disk. What changed while it ran on the newer one is carried along: its
/// secret in the domain, so that its trust does not break, DPAPI keys that were made since, and the ConfigMgr client. Nothing that the old
/// disk holds is removed, and the old disk itself stays as it is.
/// </para>
/// <para>With -AsItWas nothing is carried: the disk is exactly the old one, with secrets that others may no longer accept.</para>
/// </remarks>
/// <example>
/// Brings one machine back.
/// <code>Restore-PooledVmImage -Name PC-03 -Force</code>
/// </example>
/// <error id="NoOldDisk">there is no former disk to go back to.</error>
/// <error id="VmNotFound">the host has no such machine.</error>
/// <error id="WrongHost">a machine that was piped in is of another host.</error>
/// <error id="VmInUse">somebody is logged on: see -DrainMinutes.</error>
[Cmdlet(VerbsData.Restore, "PooledVmImage", DefaultParameterSetName = ByMachine, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(PooledVmImageUpdate))]
public sealed class RestorePooledVmImageCommand : SwapCmdlet
{
    /// <summary>Carries nothing from the newer disk. What changed since (a machine's secret in the domain) may no longer be accepted.</summary>
    [Parameter]
    public SwitchParameter AsItWas { get; set; }

    /// <summary>Asks nobody. It waives no check: those have switches of their own.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void Act(VmSelection selection)
    {
        SwapOptions options = SharedOptions() with { AsItWas = AsItWas };
        Run(
            selection,
            "Moving virtual machines back",
            AsItWas ? "Replace the disk by a child of the former one, as it was" : "Replace the disk by a child of the former one",
            Force,
            (agreed, progress, stop) => Connection.Images.RestoreAsync(agreed, options, progress, stop));
    }
}
