using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Looks a powered-off image through, from the file down to the last registry value: whether machines may be made from it.</summary>
/// <remarks>
/// <para>
/// Looked at are the VHDX file with its parents (whole, and closed cleanly), the volume with the Windows on it (its journal clean, not marked
/// as not consistent, not hibernated, not encrypted), and all of each registry hive. Files in the volume are not read. It is what
/// <see cref="NewPooledVmImageVersionCommand"/> demands of the image that it makes.
/// </para>
/// <para>
/// Works on any VHDX file, and changes nothing. What stands in the way is in the object, and no error; a disk that is in use is looked at
/// another time. What leaks from an image says Test-VmIdentity.
/// </para>
/// </remarks>
/// <example>
/// Looks through a master.
/// <code>Test-VmImage -Path $lab.NewMasterPath</code>
/// </example>
/// <example>
/// Shows those of a pool's versions that are not sound any more.
/// <code>Get-PooledVmImageVersion -Pool LabPool | Test-VmImage | Where-Object { -not $_.IsSound }</code>
/// </example>
[Cmdlet(VerbsDiagnostic.Test, "VmImage")]
[OutputType(typeof(VmImageTest))]
public sealed class TestVmImageCommand : VmUpdateCmdlet
{
    /// <summary>The images: VHDX files.</summary>
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
        var disks = new LocalDisks { AllowedParentFolders = [.. AllowedParentFolder.Select(ResolvePath)] };
        foreach (string path in Path)
        {
            string full = ResolvePath(path);
            ForEachTarget(full, () => WriteObject(new VmImageTest(AwaitShown("Looking through images", (show, stop) =>
            {
                show(full, -1);
                return Task.Run(() => ImageCheck.Run(full, disks, stop), stop);
            }))));
        }
    }
}
