using System.Text;
using VmUpdate.GuestAgent.Local;
using VmUpdate.GuestAgent.Runs;
using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;
using VmUpdate.Simulation.Support;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>An agent in this process, its folders, and the host that it speaks with.</summary>
internal sealed class Guest : IDisposable
{
    private readonly TempFolder _folder = new();
    private TriggerAgent? _agent;
    private LocalApi? _api;

    public Guest(bool hostIsThere = true)
    {
        Judges.Require(OperatingSystem.IsLinux(), "The agent for Windows is another build, which these tests do not run.");
        Directory.CreateDirectory(Registrations);
        Host = new ScriptedHost(_folder.File("channel"), hostIsThere);
    }

    public ScriptedHost Host { get; }

    public FakeMachine Machine { get; } = new();

    public string Registrations => _folder.File("update-agents.d");

    public string Api => Path.Combine(_folder.File("api"), "trigger.sock");

    public string State => _folder.File("state");

    public StringWriter Log { get; } = new();

    /// <summary>A path of the test's own.</summary>
    public string File(string name) => _folder.File(name);

    /// <summary>Starts the agent.</summary>
    /// <returns>What it says to the host, when that is there.</returns>
    public Hello? Start(bool meet = true, Dictionary<string, IUpdateAgent>? own = null)
    {
        var log = new AgentLog(null, TextWriter.Synchronized(Log));
        Platform.MakePrivateFolder(State);
        _agent = new TriggerAgent(
            () => Platform.OpenChannel(_folder.File("channel")),
            new RunBook(Path.Combine(State, "runs"), log),
            new AgentDirectory(Registrations, own ?? Platform.OwnAgents(), log),
            Machine,
            string.Empty,
            log);
        _api = new LocalApi(Platform.Listen(Api), _agent, log);
        _agent.Start();
        _api.Start();
        return meet ? Host.Meet() : null;
    }

    /// <summary>Ends the agent, as if its process had been killed: what it worked on stays as it was noted.</summary>
    public void Stop()
    {
        _api?.Dispose();
        _agent?.Dispose();
        Host.Go();
    }

    /// <summary>Registers an update agent by a file.</summary>
    public void Register(string instructor, string json) => System.IO.File.WriteAllText(Path.Combine(Registrations, instructor + ".json"), json);

    /// <summary>Writes a program that only root may change.</summary>
    public string Program(string name, string script)
    {
        string path = _folder.File(name);
        System.IO.File.WriteAllText(path, script);
        System.IO.File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        return path;
    }

    /// <summary>A task and its payload.</summary>
    public static (StartTask Task, byte[] Payload) Script(string script, string fileName = "update.sh") => Of("Script", "Script", Encoding.UTF8.GetBytes(script), fileName);

    public static (StartTask Task, byte[] Payload) Of(string instructor, string payloadKind, byte[] payload, string fileName = "")
    {
        var task = new StartTask(
            Guid.NewGuid(), 1, "Nightly", "Configuration", instructor, payloadKind, fileName, payload.Length, PayloadAssembler.HashOf(payload), true, 0)
        {
            RequestId = "start-" + Guid.NewGuid().ToString("N"),
        };
        return (task, payload);
    }

    public void Dispose()
    {
        Stop();
        _folder.Dispose();
    }
}
