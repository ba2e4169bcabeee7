using System.Management.Automation;
using VmUpdate.Core.Identity;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Shows what on a disk makes a machine this machine.</summary>
/// <remarks>
/// <para>
/// Works on any VHDX file with a Windows on it, and changes nothing: the disk and its parents are opened for reading only. No connection
/// to a host is needed. Secrets are never shown; a fingerprint tells whether two disks hold the same.
/// </para>
/// <para>The disk must not be in use: a running machine's disk is refused.</para>
/// </remarks>
/// <example>
/// Shows what a disk carries.
/// <code>Get-VmIdentity -Path $lab.OldMasterPath | Where-Object Present</code>
/// </example>
/// <example>
/// Shows a machine's name as its own disk has it.
/// <code>Get-PooledVmImage -Name PC-01 | Get-VmIdentity | Where-Object SetName -eq computer-name</code>
/// </example>
/// <example>
/// Takes a set from a file, as one of your own would be.
/// <code>Get-VmIdentity $lab.OldMasterPath -CataloguePath "$((Get-Module VmUpdate).ModuleBase)/PSModule/catalogue/tanium.json"</code>
/// </example>
/// <error id="IdentityCatalogueInvalid">a file of -CataloguePath is not valid: file, line and reason.</error>
/// <error id="HostFileNotFound">the file does not exist.</error>
/// <error id="HostFileInUse">another program, or a running machine, holds the file.</error>
/// <error id="DiskWrongFormat">the file is not a VHDX file.</error>
/// <error id="DiskTruncated">the file ends before what it should hold.</error>
/// <error id="DiskParentNotFound">a parent of a differencing disk was not found.</error>
/// <error id="IdentityNoWindowsFolder">no volume of the disk holds a Windows.</error>
/// <error id="IdentitySeveralWindowsFolders">more than one Windows is on the disk.</error>
[Cmdlet(VerbsCommon.Get, "VmIdentity")]
[OutputType(typeof(VmIdentityItem))]
public sealed class GetVmIdentityCommand : VmUpdateCmdlet
{
    private IdentityReader? _reader;

    /// <summary>The disks: VHDX files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("DiskPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Folders outside a disk's own volume or share from which its parents may come.</summary>
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
    protected override void BeginProcessing() => _reader = new IdentityReader(LoadCatalogue(CataloguePath));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string[] allowed = [.. AllowedParentFolder.Select(ResolvePath)];
        foreach (string path in Path)
        {
            string full = ResolvePath(path);
            ForEachTarget(full, () =>
            {
                foreach (IdentityFinding finding in Read(full, allowed))
                {
                    WriteObject(new VmIdentityItem(finding, full));
                }
            });
        }
    }

    private IReadOnlyList<IdentityFinding> Read(string path, string[] allowed)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = HostSession.Files, AllowedParentFolders = allowed });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
        return _reader!.Read(guest);
    }
}
