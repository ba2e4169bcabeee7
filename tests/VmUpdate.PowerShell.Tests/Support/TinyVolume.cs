using System.Diagnostics;

namespace VmUpdate.PowerShell.Tests.Support;

/// <summary>A volume with little room, in memory. Mounting one takes Linux and root; elsewhere the test is skipped and says so.</summary>
internal sealed class TinyVolume : IDisposable
{
    private readonly TestFolder _folder = new();

    private TinyVolume() => Path = Directory.CreateDirectory(_folder.PathOf("volume")).FullName;

    internal string Path { get; }

    public void Dispose()
    {
        Run("umount", "-l", Path);
        _folder.Dispose();
    }

    internal static TinyVolume Mount(int mebibytes)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            Assert.Skip("a small volume can be mounted only by root on Linux");
        }

        var volume = new TinyVolume();
        if (Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", volume.Path) != 0)
        {
            volume._folder.Dispose();
            Assert.Skip("mount -t tmpfs is not allowed here");
        }

        return volume;
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode;
    }
}
