using System.Management.Automation;
using VmUpdate.Core.Identity.Leaks;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Makes a new master without what leaks from an old one: ids of the machine it was built on, and secrets of whoever built it.</summary>
/// <remarks>
/// <para>
/// The old master is only read. The new file is a disk of its own, whatever the old one is a child of, and must not exist before. What was
/// taken is written out, one object for each thing. A second cleaning takes nothing.
/// </para>
/// <para>
/// What was taken is nowhere in the new file: on the Windows volume only what files hold is copied (no free clusters, nothing behind a
/// file's end, no unused file records, no journal), the hives' free cells are overwritten, and their logs emptied. Not looked into are other
/// volumes, which are copied as they are; cells of a hive in which a shorter value took a longer one's place; names of deleted files in the
/// slack of folders and in the change journal; and copies that somebody made in places of his own.
/// </para>
/// <para>
/// This does not replace Sysprep: the machine SID stays, and so does the computer name. The secret of a master's own account in its domain
/// is taken: started by itself, the new master must join again, while machines that are moved to it keep their own. Traces of Sysprep and of other tools that prepare
/// images are told as warnings and not touched.
/// </para>
/// </remarks>
/// <example>
/// Shows what would be taken, and does it.
/// <code>
/// Clear-VmIdentity -Path $lab.OldMasterPath -Destination ./clean-v1.vhdx -WhatIf
/// Clear-VmIdentity -Path $lab.OldMasterPath -Destination ./clean-v1.vhdx
/// </code>
/// </example>
/// <example>
/// Leaves automatic logon as it is.
/// <code>Clear-VmIdentity -Path $lab.NewMasterPath -Destination ./clean-v2.vhdx -ExcludeSet auto-logon</code>
/// </example>
/// <error id="HostFileNotFound">the master does not exist, or the new file's folder does not.</error>
/// <error id="HostFileAlreadyExists">the new file exists.</error>
/// <error id="HostFileInUse">another program, or a running machine, holds the master.</error>
/// <error id="DiskVolumeDirty">Windows did not close the volume: it may be read, and not cleaned.</error>
/// <error id="IdentityMasterHasSnapshots">the volume has shadow copies, which hold what would be taken.</error>
/// <error id="IdentityNoWindowsFolder">no volume of the disk holds a Windows.</error>
/// <error id="IdentityResultDiffers">read back, the new file still holds something; it was deleted.</error>
/// <error id="IdentityCatalogueInvalid">a file of -CataloguePath is not valid: file, line and reason.</error>
[Cmdlet(VerbsCommon.Clear, "VmIdentity", SupportsShouldProcess = true)]
[OutputType(typeof(VmIdentityRemoval))]
public sealed class ClearVmIdentityCommand : VmUpdateCmdlet
{
    /// <summary>The master, a VHDX file. It is only read.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("MasterPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>The new file. It must not exist, and its folder must.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = string.Empty;

    /// <summary>Sets of identity that stay on the new master: their ids, as Test-VmIdentity shows them.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SetIdCompleter))]
    public string[] ExcludeSet { get; set; } = [];

    /// <summary>Folders outside the master's own volume or share from which its parents may come.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] AllowedParentFolder { get; set; } = [];

    /// <summary>
    /// Files of your own that say what counts as identity, or folders of such files (*.json): each adds a set, or takes the place of the
    /// shipped one of the same id. PSModule/catalogue holds the shipped ones and their schema.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? CataloguePath { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string path = ResolvePath(Path);
        string destination = ResolvePath(Destination);
        ForEachTarget(path, () => Clean(path, destination));
    }

    private void Clean(string path, string destination)
    {
        var cleaner = new MasterCleaner(LoadCatalogue(CataloguePath), new MasterCleanerOptions
        {
            Files = HostSession.Files,
            NewGuid = SystemIdSource.Instance.NewGuid,
            UtcNow = () => SystemClock.Instance.UtcNow,
            AllowedParentFolders = [.. AllowedParentFolder.Select(ResolvePath)],
            LeaveOut = ExcludeSet,
        });
        CleanResult plan = cleaner.Plan(path);
        string sets = string.Join(", ", plan.Items.Select(item => item.Set).Distinct());
        string what = plan.Items.Count == 0
            ? "Copy it; there is nothing to take"
            : $"Make '{destination}' without {plan.Items.Count} things of it ({sets})";
        if (!ShouldProcess($"master '{path}'", what))
        {
            return;
        }

        CleanResult result = AwaitCopy($"Cleaning '{path}'", destination, (progress, stop) => cleaner.Clean(path, destination, progress, stop));
        foreach (string trace in result.Traces)
        {
            WriteWarning($"{path}: {trace}");
        }

        foreach (CleanedItem item in result.Items)
        {
            WriteObject(new VmIdentityRemoval(item, destination));
        }
    }
}
