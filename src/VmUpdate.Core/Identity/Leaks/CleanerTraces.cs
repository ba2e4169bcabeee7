using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>
/// What other tools that prepare images leave: who reads the list of what was taken should know who else was at work. Only told, never
/// touched. The places of Sysprep and BIS-F were seen in scripts that read them; those of the others are general knowledge.
/// </summary>
internal static class CleanerTraces
{
    private const string SetupState = @"Microsoft\Windows\CurrentVersion\Setup\State";
    private const string SysprepStatus = @"Setup\Status\SysprepStatus";
    private const string BaseImageScripts = @"Login Consultants\BISF";
    private const string BaseImageScriptsState = "LIC_BISF_PrepState";
    private const string DesktopOptimizationLog = @"CurrentControlSet\Services\EventLog\Virtual Desktop Optimization";
    private const int GeneralizationDone = 7;

    /// <summary>The traces on a disk, a sentence each.</summary>
    public static IReadOnlyList<string> Read(GuestDisk disk)
    {
        var traces = new List<string>();
        string image = Text(disk, HiveName.Software, SetupState, "ImageState");
        if (image.StartsWith("IMAGE_STATE_GENERALIZE", StringComparison.Ordinal))
        {
            traces.Add($"Sysprep generalized it, and it was not started since (ImageState {image}).");
        }
        else if (Number(disk, SysprepStatus, "GeneralizationState") == GeneralizationDone
            || Exists(disk, disk.WindowsFolder.Append("System32").Append("sysprep").Append("Sysprep_succeeded.tag")))
        {
            traces.Add("Sysprep generalized it once; it was started since.");
        }

        if (disk.OpenHive(HiveName.Software).Find(BaseImageScripts) is not null)
        {
            string state = Text(disk, HiveName.Software, BaseImageScripts, BaseImageScriptsState);
            traces.Add(state.Length == 0
                ? "Base Image Script Framework (BIS-F) is installed."
                : $"Base Image Script Framework (BIS-F) was run (preparation: {state}).");
        }

        if (disk.OpenHive(HiveName.System).Find(disk.ResolveKey(HiveName.System, DesktopOptimizationLog)) is not null)
        {
            traces.Add("The Virtual Desktop Optimization Tool was run.");
        }

        if (Exists(disk, GuestPath.Parse(@"ProgramData\VMware\OSOT")))
        {
            traces.Add("The VMware OS Optimization Tool was run.");
        }

        return traces;
    }

    private static bool Exists(GuestDisk disk, GuestPath path) => disk.Volume.Find(path) is not null;

    private static RegistryValue? Find(GuestDisk disk, HiveName hive, string key, string value) =>
        disk.OpenHive(hive).Find(disk.ResolveKey(hive, key))?.FindValue(value);

    private static string Text(GuestDisk disk, HiveName hive, string key, string value) =>
        Find(disk, hive, key, value) is { } found ? GuestDisk.TextOf(found) : string.Empty;

    private static int? Number(GuestDisk disk, string key, string value) =>
        Find(disk, HiveName.System, key, value) is { Data.Length: sizeof(int) } found ? BitConverter.ToInt32(found.Data, 0) : null;
}
