using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Puts the guest agent into a Windows image that is not running: its files, its folders and its service, in a new file.</summary>
/// <remarks>
/// <para>
/// The image is only read. The new file is a disk of its own, whatever the old one is a child of, and must not exist before; it is read back and
/// compared. An agent that the image has already is replaced; update agents that were added to it by files stay.
/// </para>
/// <para>
/// In the new image: the agent in Program Files\VmUpdate with the folder update-agents.d for update agents of others (users read, administrators write), ProgramData\VmUpdate for what it keeps
/// (administrators only), and the service vmupdate-agent, which starts with Windows as LocalSystem. It needs .NET Framework 4.7.2, which Windows 10 has from
/// 1803 and Windows Server from 2019: an image without it is warned of. For machines with Linux, see src/VmUpdate.GuestAgent/README.md.
/// </para>
/// </remarks>
/// <example>
/// Makes a master with the agent, for pools whose machines are to get tasks.
/// <code>
/// Install-VmUpdateAgent -Path $lab.OldMasterPath -Destination ./master-with-agent.vhdx -WhatIf
/// Install-VmUpdateAgent -Path $lab.OldMasterPath -Destination ./master-with-agent.vhdx
/// </code>
/// </example>
/// <example>
/// Makes several at once, each beside its own master.
/// <code>$lab.OldMasterPath, $lab.NewMasterPath | Install-VmUpdateAgent</code>
/// </example>
/// <error id="HostFileNotFound">the image does not exist, or the new file's folder, or the agent's files.</error>
/// <error id="HostFileAlreadyExists">the new file exists.</error>
/// <error id="HostFileInUse">another program, or a running machine, holds the image.</error>
/// <error id="DiskVolumeDirty">Windows did not close the volume: it may be read, and not changed.</error>
/// <error id="IdentityMasterHasSnapshots">the volume has shadow copies, which a change without Windows would break.</error>
/// <error id="IdentityNoWindowsFolder">no volume of the disk holds a Windows.</error>
/// <error id="IdentityNameClash">the image has a file where a folder of the agent is to be.</error>
/// <error id="IdentityResultDiffers">read back, the new file does not hold what was written; it was deleted.</error>
[Cmdlet(VerbsLifecycle.Install, "VmUpdateAgent", SupportsShouldProcess = true)]
[OutputType(typeof(VmUpdateAgentInstallation))]
public sealed class InstallVmUpdateAgentCommand : VmUpdateCmdlet
{
    /// <summary>The image, a VHDX file. It is only read.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("MasterPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>The new file. It must not exist, and its folder must.</summary>
    /// <value>beside the image, its name with "-agent" behind it</value>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>The folder of the agent's files for Windows, to install another build than the module's.</summary>
    /// <value>PSModule/agent of the module</value>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? AgentPath { get; set; }

    /// <summary>Folders outside the image's own volume or share from which its parents may come.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] AllowedParentFolder { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string path = ResolvePath(Path);
        string destination = Destination is null ? Beside(path) : ResolvePath(Destination);
        ForEachTarget(path, () => Install(path, destination));
    }

    private static string Beside(string path) => System.IO.Path.Combine(
        System.IO.Path.GetDirectoryName(path) ?? string.Empty, System.IO.Path.GetFileNameWithoutExtension(path) + "-agent" + System.IO.Path.GetExtension(path));

    private static string OwnAgentFolder() => System.IO.Path.GetFullPath(
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(typeof(InstallVmUpdateAgentCommand).Assembly.Location)!, "..", "..", "agent"));

    private void Install(string path, string destination)
    {
        var installer = new AgentInstaller(new AgentInstallerOptions
        {
            Files = HostSession.Files,
            NewGuid = SystemIdSource.Instance.NewGuid,
            UtcNow = () => SystemClock.Instance.UtcNow,
            AgentFolder = AgentPath is null ? OwnAgentFolder() : ResolvePath(AgentPath),
            AllowedParentFolders = [.. AllowedParentFolder.Select(ResolvePath)],
        });
        AgentInstallResult plan = installer.Plan(path);
        string what = $"Make '{destination}' with {plan.Files.Count} files of the agent in {plan.Folder} and its service"
            + (plan.WasInstalled ? "; an older agent is replaced" : string.Empty);
        if (!ShouldProcess($"image '{path}'", what))
        {
            return;
        }

        AgentInstallResult result = AwaitCopy(
            $"Putting the agent into '{path}'", destination, (progress, stop) => installer.Install(path, destination, progress, stop));
        foreach (string warning in result.Warnings)
        {
            WriteWarning($"{destination}: {warning}");
        }

        WriteObject(new VmUpdateAgentInstallation(result, path, destination));
    }
}
