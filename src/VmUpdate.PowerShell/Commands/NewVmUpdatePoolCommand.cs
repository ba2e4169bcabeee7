using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Store;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Declares a pool: virtual machines that are all made from one master image.</summary>
/// <remarks>
/// <para>A pool that is named is empty at first; <see cref="SetVmUpdateMachineCommand"/> puts machines into it.</para>
/// <para>
/// <c>-Discover</c> reads the disks of the machines that are declared to be nothing yet, and declares a pool for each master that some of them
/// are made from, named after the master's file, with those machines in it. <c>-WhatIf</c> only shows them, <c>-Confirm</c> asks for
/// each. Disks are only read. A disk that is in use cannot be: turn the machine off, or put it into its pool by hand.
/// </para>
/// </remarks>
/// <example>
/// Declares a pool and puts a machine into it.
/// <code>
/// New-VmUpdatePool -Name Front -MasterPath $lab.OldMasterPath
/// Set-VmUpdateMachine -Name PC-01 -Role Pooled -Pool Front
/// </code>
/// </example>
/// <example>
/// Shows which machines are made from which master, and then declares them so.
/// <code>
/// Set-VmUpdateMachine -Name PC-02 -Role Ignored
/// New-VmUpdatePool -Discover -WhatIf
/// New-VmUpdatePool -Discover -Confirm:$false
/// </code>
/// </example>
/// <error id="StoreAlreadyExists">there is a pool of that name.</error>
[Cmdlet(VerbsCommon.New, "VmUpdatePool", SupportsShouldProcess = true, DefaultParameterSetName = ByName, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(VmUpdatePool))]
public sealed class NewVmUpdatePoolCommand : PoolCmdlet
{
    private const string ByName = "Name";
    private const string Discovered = "Discover";

    /// <summary>The pool's name. Only one pool of the host may have it, whatever the case of its letters.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    [Alias("Pool")]
    public string Name { get; set; } = string.Empty;

    /// <summary>The master image that the pool's machines are to be on, a VHDX file; it may be named later.</summary>
    [Parameter(Position = 1, ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    public string? MasterPath { get; set; }

    /// <summary>How many days a machine's old disk is kept after a swap.</summary>
    /// <value>14</value>
    [Parameter]
    [ValidateRange(0, MaxDays)]
    public int? KeepOldDiskDays { get; set; }

    /// <summary>Finds the pools by the disks of the machines that are declared to be nothing yet, and declares each that is confirmed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = Discovered)]
    public SwitchParameter Discover { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Discover)
        {
            DeclareDiscovered();
            return;
        }

        ForEachTarget(Name, () =>
        {
            string master = MasterPath is null ? string.Empty : ResolvePath(MasterPath);
            if (ShouldProcess($"pool '{Name}'", "Declare"))
            {
                Write(Connection.Pools.Create(Name, master, Days(KeepOldDiskDays)));
            }
        });
    }

    private void DeclareDiscovered()
    {
        PoolDiscoveryResult found = ForAllTargets(Connection.Host, () => Await(stop => Connection.Pools.DiscoverAsync(new LocalDisks(), stop)));
        foreach ((MachineInfo machine, VmUpdateException failure) in found.Unread)
        {
            WriteWarning($"{machine.Machine.Name} was not looked at: {failure.Message}");
        }

        var declared = new List<PoolRecord>();
        foreach (DiscoveredPool pool in found.Pools)
        {
            string machines = string.Join(", ", pool.Machines.Select(machine => machine.Machine.Name));
            if (ShouldProcess($"pool '{pool.Name}' of {pool.MasterPath}", pool.IsNew ? $"Declare, with {machines}" : $"Add {machines}"))
            {
                ForEachTarget(pool.Name, () => declared.Add(Declare(pool)));
            }
        }

        declared.ForEach(Write);
    }

    private PoolRecord Declare(DiscoveredPool pool)
    {
        PoolRecord declared = pool.IsNew ? Connection.Pools.Create(pool.Name, pool.MasterPath, Days(KeepOldDiskDays)) : Connection.Pools.Get(pool.Name);
        foreach (MachineInfo machine in pool.Machines)
        {
            Await(stop => Connection.Pools.DeclareAsync(machine.Machine.Key, MachineRole.Pooled, declared.Name, stop));
        }

        return declared;
    }
}
