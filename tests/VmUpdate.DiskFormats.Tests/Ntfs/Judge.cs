using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

/// <summary>Programs we did not write, asked what is on a volume. Absent ones skip the test; in CI they fail it.</summary>
internal static class Judge
{
    public static void Require(params string[] programs)
    {
        foreach (string program in programs)
        {
            bool found = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Append("/usr/sbin").Append("/sbin")
                .Any(folder => File.Exists(Path.Combine(folder, program)));
            if (!found)
            {
                Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", $"{program} is not installed.");
                Assert.Fail($"{program} is not installed.");
            }
        }
    }

    public static string Run(string program, params string[] arguments)
    {
        (int code, string output) = TryRun(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}:\n{output}");
        return output;
    }

    public static (int Code, string Output) TryRun(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        var output = new StringBuilder();
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        return (process.ExitCode, output.ToString());

        void Append(string? line)
        {
            lock (output)
            {
                output.AppendLine(line);
            }
        }
    }

    /// <summary>ntfsfix, ntfsresize and the mirror's bytes: they must find nothing.</summary>
    public static void AcceptsVolume(string path, SparseMemoryDevice device)
    {
        Require("ntfsfix", "ntfsresize", "ntfsinfo");
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
        using var mount = new TemporaryFolder();
        Assert.SkipUnless(File.Exists("/dev/fuse"), "/dev/fuse is not there.");
        (int code, string said) = TryRun("ntfs-3g", "-o", "ro,streams_interface=none", path, mount.Path);
        Assert.SkipWhen(code != 0 && said.Contains("Operation not permitted", StringComparison.Ordinal), "ntfs-3g may not mount here.");
        Assert.True(code == 0, said);
        try
        {
            return Directory.EnumerateFiles(Path.Combine(mount.Path, folder), "*", SearchOption.AllDirectories)
                .Select(f => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(f)))}\t{Path.GetRelativePath(mount.Path, f)}")
                .ToList();
        }
        finally
        {
            Run("fusermount", "-u", mount.Path);
        }
    }

    public static void MirrorIsEqual(SparseMemoryDevice device)
    {
        byte[] boot = new byte[512];
        device.ReadAt(0, boot);
        var geometry = DiskFormats.Ntfs.NtfsGeometry.Read(device);
        int count = Math.Max(4 * geometry.RecordSize, geometry.ClusterSize);
        byte[] table = new byte[count];
        byte[] mirror = new byte[count];
        device.ReadAt(geometry.MftLcn * geometry.ClusterSize, table);
        device.ReadAt(geometry.MirrorLcn * geometry.ClusterSize, mirror);
        Assert.Equal(table.AsSpan(0, 4 * geometry.RecordSize).ToArray(), mirror.AsSpan(0, 4 * geometry.RecordSize).ToArray());
    }
}
