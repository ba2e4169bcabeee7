using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Lab;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Makes a lab: a made-up host in a folder, with real disks, to try things out.</summary>
/// <remarks>
/// <para>
/// A lab has two master images and machines that are children of the first. The disks are real VHDX files with a small NTFS volume, a
/// registry and an identity of each machine's own. What is made up is that the machines run: their power states, users and
/// checkpoints are records in the folder. The last pooled machine has a checkpoint on purpose, so that there is one that is refused.
/// </para>
/// <para>Delete the folder when you are done with it.</para>
/// </remarks>
/// <example>
/// Makes a lab of two pooled machines, and works on it.
/// <code>
/// $new = New-VmUpdateLab -Path ./another-lab -PooledVmCount 2
/// $new | Connect-VmUpdateHost
/// </code>
/// </example>
/// <error id="HostNotUsable">the folder holds a lab already.</error>
/// <error id="HostFileAccessDenied">the folder cannot be written.</error>
[Cmdlet(VerbsCommon.New, "VmUpdateLab", SupportsShouldProcess = true)]
[OutputType(typeof(VmUpdateLab))]
public sealed class NewVmUpdateLabCommand : VmUpdateCmdlet
{
    private const int MaxMachines = 1000; // each has a disk of a few MiB

    /// <summary>The lab's folder. It is made when it does not exist.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [Alias("LabPath")]
    public string Path { get; set; } = string.Empty;

    /// <summary>How many pooled machines it has. They are called PC-01, PC-02 and so on, and are in the pool LabPool.</summary>
    /// <value>8</value>
    [Parameter]
    [ValidateRange(0, MaxMachines)]
    public int PooledVmCount { get; set; } = 8;

    /// <summary>How many personal machines it has. They are called DESK-01, DESK-02 and so on.</summary>
    /// <value>0</value>
    [Parameter]
    [ValidateRange(0, MaxMachines)]
    public int PersonalVmCount { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string path = ResolvePath(Path);
        if (ShouldProcess($"folder '{path}'", $"Make a lab of {PooledVmCount} pooled and {PersonalVmCount} personal machines"))
        {
            WriteObject(ForAllTargets(path, () => Make(path)));
        }
    }

    private VmUpdateLab Make(string path)
    {
        var plan = new LabPlan { PooledCount = PooledVmCount, PersonalCount = PersonalVmCount };
        LabContents made = Await(stop => LabFactory.CreateAsync(path, plan, new LabOptions { Files = HostSession.Files }, stop));
        using HostSession session = HostSession.Open(HostKinds.OfLab(made.Lab));
        IReadOnlyList<MachineInfo> machines = Await(stop => session.Pools.GetMachinesAsync(VmSelection.All, stop));
        return new VmUpdateLab
        {
            LabPath = made.Lab.Folder,
            ComputerName = made.Lab.HostName,
            OldMasterPath = made.PresentMaster,
            NewMasterPath = made.NextMaster,
            Pool = made.Pool,
            PooledVMs = NamesOf(made.Pooled),
            PersonalVMs = NamesOf(made.Personal),
        };

        NameList NamesOf(IReadOnlyList<VmKey> keys) =>
            new(machines.Where(machine => keys.Contains(machine.Machine.Key)).Select(machine => machine.Machine.Name).OrderBy(name => name, StringComparer.Ordinal));
    }
}
