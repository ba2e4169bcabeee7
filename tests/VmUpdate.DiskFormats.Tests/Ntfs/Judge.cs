using System.Diagnostics;
using System.Security.Cryptography;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

/// <summary>ntfs-3g's programs, asked what is on a volume.</summary>
internal static class Judge
{
    public static void Require(params string[] programs) => Array.ForEach(programs, Judges.Require);

    public static string Run(string program, params string[] arguments)
    {
        (int code, string output) = TryRun(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}:\n{output}");
        return output;
    }

    public static (int Code, string Output) TryRun(string program, params string[] arguments)
    {
        string system = Path.Combine("/usr/sbin", program);
        return Judges.Run(File.Exists(system) ? system : program, arguments);
    }

    /// <summary>ntfsfix, ntfsresize (every cluster against the bitmap) and the mirror's bytes: they must find nothing.</summary>
    public static void AcceptsVolume(string path, SparseMemoryDevice device)
    {
        string fix = Run("ntfsfix", "-n", path);
        Assert.DoesNotContain("BAD", fix, StringComparison.Ordinal);
        Assert.DoesNotContain("FAILED", fix, StringComparison.Ordinal);
        Run("ntfsresize", "--info", "--force", "--no-progress-bar", path);
        Run("ntfsinfo", "-m", path);
        MirrorIsEqual(device);
    }

    /// <summary>"sha256 TAB path" of every file below a folder, as ntfs-3g reads the volume.</summary>
    public static List<string> MountedSums(string path, string folder)
    {
        List<string> sums = [];
        Mounted(path, "ro,streams_interface=none", root =>
        {
            foreach (string file in Directory.EnumerateFiles(Path.Combine(root, folder), "*", SearchOption.AllDirectories))
            {
                sums.Add($"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}\t{Path.GetRelativePath(root, file)}");
            }
        });
        return sums;
    }

    /// <summary>Mounts a volume with ntfs-3g for as long as something is done in it.</summary>
    public static void Mounted(string path, string options, Action<string> work)
    {
        using var mount = new TempFolder();
        Judges.Require(File.Exists("/dev/fuse"), "/dev/fuse is not there.");
        (int code, string said) = TryRun("ntfs-3g", "-o", options, path, mount.Path);
        Judges.Require(code == 0 || !said.Contains("Operation not permitted", StringComparison.Ordinal), "ntfs-3g may not mount here.");
        Assert.True(code == 0, said);
        try
        {
            work(mount.Path);
        }
        finally
        {
            Unmount(mount.Path);
            WaitUntilUnmounted(path);
        }
    }

    public static void MirrorIsEqual(SparseMemoryDevice device)
    {
        NtfsGeometry geometry = NtfsGeometry.Read(device);
        byte[] table = new byte[4 * geometry.RecordSize];
        byte[] mirror = new byte[4 * geometry.RecordSize];
        device.ReadAt(geometry.MftLcn * geometry.ClusterSize, table);
        device.ReadAt(geometry.MirrorLcn * geometry.ClusterSize, mirror);
        Assert.Equal(table, mirror);
    }

    // Another test that starts a program at this moment holds a copy of our open files until that program runs: the mount is busy for as long.
    private static void Unmount(string folder)
    {
        for (int attempt = 1; TryRun("fusermount", "-u", folder) is (not 0, var said); attempt++)
        {
            Assert.True(attempt < 100, said);
            Thread.Sleep(50);
        }
    }

    // fusermount returns before the driver has written the last of it; ntfs-3g goes when it has.
    private static void WaitUntilUnmounted(string path)
    {
        for (int i = 0; i < 100 && Process.GetProcessesByName("ntfs-3g").Any(driver => Arguments(driver).Contains(path, StringComparison.Ordinal)); i++)
        {
            Thread.Sleep(50);
        }
    }

    private static string Arguments(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline");
        }
        catch (IOException)
        {
            // It is gone.
            return string.Empty;
        }
    }
}
