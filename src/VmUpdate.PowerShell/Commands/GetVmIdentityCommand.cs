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
/// <code>Get-PooledVmImage -Name PC-01 | Get-VmIdentity | Where-Object Set -eq computer-name</code>
/// </example>
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
    /// <summary>The disks: VHDX files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("DiskPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Folders outside a disk's own volume or share from which its parents may come.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] AllowedParentFolder { get; set; } = [];

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

    private static IReadOnlyList<IdentityFinding> Read(string path, string[] allowed)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = HostSession.Files, AllowedParentFolders = allowed });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
        return new IdentityReader(IdentityCatalogue.LoadBuiltIn()).Read(guest);
    }
}
