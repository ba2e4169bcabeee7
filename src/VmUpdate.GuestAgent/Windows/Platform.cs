using System.Diagnostics;
using System.IO.Pipes;
using System.ServiceProcess;
using VmUpdate.GuestAgent.Channels;
using VmUpdate.GuestAgent.Commands;
using VmUpdate.GuestAgent.FirstBoot;
using VmUpdate.GuestAgent.Local;
using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestAgent.Windows;

namespace VmUpdate.GuestAgent;

/// <summary>What is different on Windows. The folder Linux has its twin.</summary>
internal static class Platform
{
    private const string PipePrefix = "\\\\.\\pipe\\";
    private const int ConnectPatience = 2000;

    /// <summary>Where the agent's things are when the command line does not say.</summary>
    internal static AgentPaths Paths { get; } = new(
        "\\\\.\\Global\\org.vmupdate.trigger.0",
        "vmupdate-trigger",
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "VmUpdate"),
        Path.Combine(AppDomain.CurrentDomain.BaseDirectory, "update-agents.d"),
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "VmUpdate", "first-boot.json"));

    /// <summary>The update agents of this program.</summary>
    internal static IReadOnlyDictionary<string, IUpdateAgent> OwnAgents() => new Dictionary<string, IUpdateAgent>
    {
        [ScriptRunner.Instructor] = new ScriptRunner(),
        [WindowsUpdateAgent.Instructor] = new WindowsUpdateAgent(),
    };

    /// <summary>What the first-boot steps are done to.</summary>
    internal static IFirstBootTarget? FirstBootTarget() => new WindowsFirstBoot();

    internal static IMachine OpenMachine() => new WindowsMachine();

    /// <summary>Opens the channel to the host: a named pipe; on Hyper-V its names and values; else the device of a virtio-serial port.</summary>
    internal static HostStream OpenChannel(string path) => path.StartsWith(PipePrefix, StringComparison.OrdinalIgnoreCase)
        ? new HostStream(Connect(path.Substring(PipePrefix.Length)), OutlivesHost: false)
        : KvpChannel.IsThere
            ? KvpChannel.Open()
            : new HostStream(new FileStream(Native.OpenDevice(path), FileAccess.ReadWrite, 1, isAsync: true), OutlivesHost: true);

    /// <summary>Listens to update agents.</summary>
    internal static ILocalListener Listen(string path) => new PipeListener(path);

    /// <summary>Connects to the agent that listens.</summary>
    /// <exception cref="IOException">There is none.</exception>
    internal static Stream ConnectLocal(string path)
    {
        try
        {
            return Connect(path);
        }
        catch (System.TimeoutException failure)
        {
            throw new IOException($"No agent answers at {PipePrefix}{path}.", failure);
        }
    }

    /// <summary>Runs the agent as a service, or at a prompt until Ctrl+C.</summary>
    /// <param name="start">Starts it; gets where its log is to be shown too.</param>
    internal static int RunUntilStopped(Func<TextWriter?, IDisposable> start)
    {
        if (!Environment.UserInteractive)
        {
            using var service = new AgentService(start) { ServiceName = AgentService.Name };
            ServiceBase.Run(service);
            return ExitCodes.Done;
        }

        using var stop = new ManualResetEventSlim();
        Console.CancelKeyPress += (_, key) =>
        {
            key.Cancel = true;
            stop.Set();
        };
        using (start(Console.Error))
        {
            stop.Wait();
        }

        return ExitCodes.Done;
    }

    /// <summary>Installs or removes the service.</summary>
    internal static int RunServiceCommand(string command)
    {
        string program = Process.GetCurrentProcess().MainModule.FileName;
        string[][] calls = command == "install"
            ? [
                ["create", AgentService.Name, "binPath=", $"\"{program}\" run", "start=", "auto", "DisplayName=", "VmUpdate guest agent"],
                ["failure", AgentService.Name, "reset=", "86400", "actions=", "restart/5000"],
                ["start", AgentService.Name],
            ]
            : [["stop", AgentService.Name], ["delete", AgentService.Name]];
        ProgramResult last = new(0, string.Empty);
        foreach (string[] call in calls)
        {
            last = ProgramRunner.RunAsync(
                new ProgramCall(Path.Combine(Environment.SystemDirectory, "sc.exe"), call, Environment.SystemDirectory), CancellationToken.None).GetAwaiter().GetResult();
            Console.WriteLine(last.Output);
        }

        return last.ExitCode == 0 ? ExitCodes.Done : ExitCodes.CannotRun;
    }

    internal static void SetArguments(ProcessStartInfo start, IReadOnlyList<string> arguments) => start.Arguments = WindowsArgument.Join(arguments);

    /// <summary>Why another user's account cannot be used; <see langword="null"/> when it can.</summary>
    internal static string? WhyNotAs(string account) => "on Windows an update agent runs as the service does, as LocalSystem: leave 'account' out.";

    internal static bool IsFullPath(string path) => path.Length > 3 && char.IsLetter(path[0]) && path[1] == ':' && path[2] == '\\';

    /// <summary>Finds a program: a full path, or a name in the system's folders and those of the path, with <c>.exe</c> if it has no ending.</summary>
    internal static string? FindProgram(string name)
    {
        string file = name.IndexOf('.') < 0 ? name + ".exe" : name;
        if (file.IndexOfAny(['\\', '/', ':']) >= 0)
        {
            return IsFullPath(file) && File.Exists(file) ? file : null;
        }

        return new[] { Environment.SystemDirectory }
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator))
            .Where(IsFullPath)
            .Select(folder => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>What runs a script: what its ending tells.</summary>
    internal static Interpreter? InterpreterOf(string ending, ReadOnlySpan<byte> script) => ending switch
    {
        ".ps1" => new Interpreter(
            [Path.Combine(Environment.SystemDirectory, "WindowsPowerShell\\v1.0\\powershell.exe"), "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"],
            ending),
        ".cmd" or ".bat" => new Interpreter([Path.Combine(Environment.SystemDirectory, "cmd.exe"), "/d", "/c"], ending),
        _ => null,
    };

    /// <summary>Why a file or folder may not say what runs as LocalSystem; <see langword="null"/> when it may.</summary>
    internal static string? WhyNotTrusted(string path) => Trust.WhyNot(path);

    /// <summary>Makes a folder that LocalSystem and the administrators alone may enter, or takes over one that is theirs.</summary>
    internal static void MakePrivateFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, Trust.PrivateFolder());
        }
        else if (Trust.WhyNotOwned(path) is { } why)
        {
            throw new IOException($"The agent's folder is not its own: {why}.");
        }
        else
        {
            // One that was made with the rights of ProgramData is narrowed.
            Directory.SetAccessControl(path, Trust.PrivateFolder());
        }
    }

    /// <summary>Makes a file with the rights of its folder.</summary>
    internal static FileStream CreatePrivateFile(string path) => new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);

    internal static void MoveOver(string from, string to) => Native.MoveOver(from, to);

    /// <summary>NTFS keeps its folders' entries by itself; <see cref="MoveOver"/> waits for them.</summary>
    internal static void FlushFolder(string path)
    {
    }

    private static NamedPipeClientStream Connect(string name)
    {
        var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
        try
        {
            pipe.Connect(ConnectPatience);
            return pipe;
        }
        catch (Exception)
        {
            pipe.Dispose();
            throw;
        }
    }
}
