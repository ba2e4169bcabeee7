using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using VmUpdate.GuestAgent.Channels;
using VmUpdate.GuestAgent.Commands;
using VmUpdate.GuestAgent.FirstBoot;
using VmUpdate.GuestAgent.Linux;
using VmUpdate.GuestAgent.Local;
using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestAgent.UpdateAgents;

namespace VmUpdate.GuestAgent;

/// <summary>What is different on Linux. The folder Windows has its twin.</summary>
internal static class Platform
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int FileTypeBits = 0xF000;
    private const int SocketFile = 0xC000;
    private const int LinkFile = 0xA000;
    private const int WritableByOthers = 0x12;

    /// <summary>Where the agent's things are when the command line does not say.</summary>
    internal static AgentPaths Paths { get; } = new(
        "/dev/virtio-ports/org.vmupdate.trigger.0",
        "/run/vmupdate/trigger.sock",
        "/var/lib/vmupdate",
        "/etc/vmupdate/update-agents.d",
        "/var/lib/vmupdate/first-boot.json");

    /// <summary>The update agents of this program.</summary>
    internal static IReadOnlyDictionary<string, IUpdateAgent> OwnAgents()
    {
        var agents = new Dictionary<string, IUpdateAgent> { [ScriptRunner.Instructor] = new ScriptRunner() };
        if (FindProgram("apt-get") is { } apt)
        {
            agents.Add(AptAgent.Instructor, new AptAgent(apt));
        }

        return agents;
    }

    /// <summary>What the first-boot steps are done to: there is no registry here.</summary>
    internal static IFirstBootTarget? FirstBootTarget() => null;

    internal static IMachine OpenMachine() => new LinuxMachine();

    /// <summary>Opens the channel to the host: a character device, or a unix socket.</summary>
    internal static HostStream OpenChannel(string path)
    {
        // The path may be a link, as udev makes it; what it leads to counts.
        string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        if (LibC.StatusOf(target) is not { } status)
        {
            throw new FileNotFoundException($"There is no {path}.");
        }

        return (status.Mode & FileTypeBits) == SocketFile
            ? new HostStream(Connect(target), OutlivesHost: false)
            : new HostStream(new FileStream(target, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0), OutlivesHost: true);
    }

    /// <summary>Listens to update agents.</summary>
    internal static ILocalListener Listen(string path) => new SocketListener(path);

    /// <summary>Connects to the agent that listens.</summary>
    /// <exception cref="IOException">There is none, or it does not let us in.</exception>
    internal static Stream ConnectLocal(string path)
    {
        try
        {
            return File.Exists(path) ? Connect(path) : throw new IOException($"No agent runs here: there is no {path}.");
        }
        catch (SocketException failure)
        {
            throw new IOException($"No agent answers at {path}: {failure.Message}", failure);
        }
    }

    /// <summary>Runs the agent until the system or somebody at a terminal ends it.</summary>
    /// <param name="start">Starts it; gets where its log is to be shown too.</param>
    internal static int RunUntilStopped(Func<TextWriter?, IDisposable> start)
    {
        using var stop = new ManualResetEventSlim();
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using (start(Console.Error))
        {
            stop.Wait();
        }

        return ExitCodes.Done;

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Set();
        }
    }

    /// <summary>Installs or removes the service.</summary>
    internal static int RunServiceCommand(string command)
    {
        Console.Error.WriteLine($"'{command}' is for Windows. Here, put vmupdate-agent.service into /etc/systemd/system: it says how.");
        return ExitCodes.WrongUsage;
    }

    internal static void SetArguments(ProcessStartInfo start, IReadOnlyList<string> arguments)
    {
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
    }

    /// <summary>Why another user's account cannot be used; <see langword="null"/> when it can.</summary>
    internal static string? WhyNotAs(string account) => null;

    internal static bool IsFullPath(string path) => path.StartsWith('/');

    /// <summary>Finds a program as a shell would, but never in the current folder.</summary>
    internal static string? FindProgram(string name)
    {
        if (name.Contains('/'))
        {
            return IsFullPath(name) && File.Exists(name) ? name : null;
        }

        return (Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin").Split(':')
            .Where(IsFullPath)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>What runs a script: what its first line names, else what its ending tells.</summary>
    internal static Interpreter? InterpreterOf(string ending, ReadOnlySpan<byte> script)
    {
        if (script.StartsWith("#!"u8))
        {
            int end = script.IndexOf((byte)'\n');
            string[] words = Encoding.UTF8.GetString(end < 0 ? script[2..] : script[2..end]).Trim().Split([' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries);
            return words.Length == 0 ? null : new Interpreter([.. words.Select(word => word.Trim())]);
        }

        return ending switch
        {
            ".sh" => new Interpreter(["/bin/sh"]),
            ".py" => new Interpreter(["python3"]),
            ".ps1" => new Interpreter(["pwsh", "-NoProfile", "-NonInteractive", "-File"], ".ps1"),
            _ => null,
        };
    }

    /// <summary>Why a file or folder may not say what runs as root; <see langword="null"/> when it may.</summary>
    internal static string? WhyNotTrusted(string path)
    {
        if (LibC.StatusOf(path) is not { } status)
        {
            return $"there is no {path}";
        }

        uint self = LibC.EffectiveUser();
        return (status.Mode & FileTypeBits) == LinkFile ? $"{path} is a link, and links are not followed"
            : status.Owner != 0 && status.Owner != self ? $"{path} belongs to the user {status.Owner}, and must belong to root"
            : (status.Mode & WritableByOthers) != 0 ? $"{path} can be written by others than its owner (mode {Convert.ToString(status.Mode & 0xFFF, 8)})"
            : null;
    }

    /// <summary>Makes a folder that only root may enter, or sees that it is one.</summary>
    internal static void MakePrivateFolder(string path)
    {
        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        if (WhyNotTrusted(path) is { } why)
        {
            throw new IOException($"The agent's folder is not its own: {why}.");
        }

        File.SetUnixFileMode(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    internal static FileStream CreatePrivateFile(string path) => new(
        path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });

    internal static void MoveOver(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Makes a folder's entries outlive a loss of power.</summary>
    internal static void FlushFolder(string path)
    {
        int folder = LibC.Open(path, 0);
        if (folder >= 0)
        {
            _ = LibC.Flush(folder);
            _ = LibC.Close(folder);
        }
    }

    private static NetworkStream Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }
}
