using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace VmUpdate.Shell;

/// <summary>
/// The few everyday commands that PowerShell brings as modules and the bare engine lacks. They do what scripts for virtual desktops
/// use, and no more; a name the engine knows already is left alone.
/// </summary>
internal static class EverydayCommands
{
    private const string Resource = "EverydayCommands.ps1";

    internal static void AddTo(Runspace runspace)
    {
        using Stream stream = typeof(EverydayCommands).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        using PowerShell shell = PowerShell.Create(runspace);
        shell.AddScript(reader.ReadToEnd(), useLocalScope: false).Invoke();
        if (shell.Streams.Error.Count > 0)
        {
            throw new InvalidOperationException($"The everyday commands did not load: {shell.Streams.Error[0]}");
        }
    }
}
