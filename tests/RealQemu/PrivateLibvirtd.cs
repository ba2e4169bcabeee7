using System.Diagnostics;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.RealQemu;

/// <summary>
/// A libvirtd of this process's own, in a process of its own, with all it keeps in a folder and its machines in a namespace: the computer's own
/// machines are never seen, several test processes have one each, and when this process ends, however it does, nothing is left running. The
/// machines are emulated: whether KVM works here does not matter.
/// </summary>
internal sealed class PrivateLibvirtd : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly Lazy<PrivateLibvirtd> Instance = new(() => new PrivateLibvirtd());
    private static readonly Lazy<string?> NoNamespaces = new(TryNamespaces);

    private readonly Process _process;

    private PrivateLibvirtd()
    {
        // Short, since the paths of sockets lie in it.
        Root = Path.Combine("/tmp", "vmu-" + Guid.NewGuid().ToString("N")[..8]);
        foreach (string folder in new[] { "disks", "nbd", "ports" })
        {
            Directory.CreateDirectory(Path.Combine(Root, folder));
        }

        var start = new ProcessStartInfo("unshare") { UseShellExecute = false, RedirectStandardInput = true };
        foreach (string argument in new[]
        {
            "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "tini", "--",
            "/bin/bash", Path.Combine(RepositoryRoot.Path, "tests", "RealQemu", "libvirtd.sh"), Root,
        })
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        WaitUntilReachable();
    }

    /// <summary>The one of this process.</summary>
    internal static PrivateLibvirtd Shared => Instance.Value;

    /// <summary>The folder of everything: <c>disks</c>, <c>nbd</c> and <c>ports</c> for the machines of the tests.</summary>
    internal string Root { get; }

    /// <summary>The socket to reach it by.</summary>
    internal string Socket => Path.Combine(Root, "run", "libvirt-sock");

    /// <summary>The URI to reach it by.</summary>
    internal string Uri => "qemu+unix:///system?socket=" + Socket;

    /// <summary>Skips the test where the programs are not installed; in CI it fails.</summary>
    internal static void Require()
    {
        foreach (string program in new[] { "qemu-system-x86_64", "qemu-nbd", "libvirtd", "virsh", "tini", "unshare" })
        {
            Judges.Require(program);
        }

        Judges.Require(NoNamespaces.Value is null, $"A libvirtd of the tests' own needs root and new namespaces: {NoNamespaces.Value}");
        TinyGuest.Require();
    }

    /// <summary>What an administrator does past VmUpdate; it must succeed.</summary>
    internal string Virsh(params string[] arguments)
    {
        (int exitCode, string output) = Judges.Run("virsh", ["-q", "-c", Uri, .. arguments]);
        return exitCode == 0 ? output : throw new InvalidOperationException($"virsh {string.Join(' ', arguments)}: {output}");
    }

    /// <summary>Defines a machine.</summary>
    internal void Define(string xml)
    {
        string path = Path.Combine(Root, Guid.NewGuid().ToString("N") + ".xml");
        File.WriteAllText(path, xml);
        Virsh("define", path);
        File.Delete(path);
    }

    /// <summary>Turns a machine off, whatever it does, and takes it away with all that libvirt keeps of it.</summary>
    internal void Remove(Guid vm) => Judges.Run(
        "virsh", "-q", "-c", Uri, $"destroy {vm}; undefine {vm} --managed-save --snapshots-metadata");

    /// <summary>Kills libvirtd as <c>kill -9</c> does. The machines go on; it is started again.</summary>
    internal void Kill() => Assert.True(KillOne("libvirtd", Path.Combine(Root, "libvirtd.pid")), "No libvirtd runs.");

    /// <summary>Kills a machine's QEMU as <c>kill -9</c> does.</summary>
    /// <returns>Whether there was one.</returns>
    internal static bool KillMachine(Guid vm) => KillOne("qemu-system-x86_64", vm.ToString());

    /// <summary>Kills the server of a VHDX disk as <c>kill -9</c> does.</summary>
    /// <returns>Whether there was one.</returns>
    internal static bool KillServer(string vhdx) => KillOne("qemu-nbd", vhdx);

    /// <summary>Keeps libvirtd away until the result is disposed.</summary>
    internal IDisposable Hold()
    {
        string hold = Path.Combine(Root, "hold");
        File.WriteAllText(hold, string.Empty);
        Kill();
        return new Holding(() =>
        {
            File.Delete(hold);
            WaitUntilReachable();
        });
    }

    /// <summary>Waits until it answers.</summary>
    internal void WaitUntilReachable()
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        string output;
        do
        {
            (int exitCode, output) = Judges.Run("virsh", "-q", "-c", Uri, "list");
            if (exitCode == 0)
            {
                return;
            }

            Thread.Sleep(50);
        }
        while (Environment.TickCount64 < end && !_process.HasExited);
        throw new InvalidOperationException($"libvirtd does not answer: {output}{ReadLog("output")}{ReadLog("libvirtd.log")}");
    }

    public void Dispose()
    {
        if (_process.HasExited)
        {
            return;
        }

        _process.StandardInput.Close();
        _process.WaitForExit(Patience);
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What is still held must not turn finished tests red.
        }
    }

    private static string? TryNamespaces()
    {
        (int exitCode, string output) = Judges.Run("unshare", "--mount", "--pid", "--fork", "--mount-proc", "true");
        return exitCode == 0 ? null : output.Trim();
    }

    private static bool KillOne(string program, string word)
    {
        // The first: a child that it has just made looks like it until it becomes another program.
        using Process? process = Process.GetProcesses().OrderBy(candidate => candidate.Id).FirstOrDefault(candidate => CommandOf(candidate) is [var name, ..] words
            && Path.GetFileName(name) == program && words.Any(part => part.Contains(word, StringComparison.Ordinal)));
        process?.Kill();
        process?.WaitForExit();
        return process is not null;
    }

    private static string[] CommandOf(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private string ReadLog(string name)
    {
        string path = Path.Combine(Root, "log", name);
        return File.Exists(path) ? "\n" + File.ReadAllText(path) : string.Empty;
    }

    private sealed class Holding(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
