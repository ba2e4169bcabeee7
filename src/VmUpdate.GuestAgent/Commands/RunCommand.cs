using VmUpdate.GuestAgent.FirstBoot;
using VmUpdate.GuestAgent.Local;
using VmUpdate.GuestAgent.Runs;
using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestAgent.UpdateAgents;

namespace VmUpdate.GuestAgent.Commands;

/// <summary>The agent itself.</summary>
internal sealed class RunCommand : IDisposable
{
    private readonly List<IDisposable> _parts = [];

    /// <summary>Puts the agent together and starts it.</summary>
    /// <param name="paths">Where its things are.</param>
    /// <param name="also">Gets each line of its log too; <see langword="null"/> for none.</param>
    /// <exception cref="IOException">It cannot run.</exception>
    public RunCommand(AgentPaths paths, TextWriter? also)
    {
        try
        {
            Platform.MakePrivateFolder(paths.State);
            _parts.Add(new FileStream(Path.Combine(paths.State, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            var log = new AgentLog(paths.Log, also);
            log.Write($"{TriggerAgent.Program} begins; the channel to the host is {paths.Channel}.");
            string notice = new FirstBootFile(paths.FirstBoot, Platform.FirstBootTarget(), log).CarryOut();
            var agent = new TriggerAgent(
                () => Platform.OpenChannel(paths.Channel),
                new RunBook(paths.Runs, log),
                new AgentDirectory(paths.Registrations, Platform.OwnAgents(), log),
                Platform.OpenMachine(),
                notice,
                log);
            _parts.Add(agent);
            var api = new LocalApi(Platform.Listen(paths.LocalApi), agent, log);
            _parts.Add(api);
            agent.Start();
            api.Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Runs the agent until it is told to end.</summary>
    /// <param name="arguments">The command line.</param>
    internal static int Run(Arguments arguments)
    {
        AgentPaths standard = Platform.Paths;
        string state = arguments.Get("state", standard.State);
        var paths = new AgentPaths(
            arguments.Get("channel", standard.Channel),
            arguments.Get("api", standard.LocalApi),
            state,
            arguments.Get("agents", standard.Registrations),
            arguments.Get("first-boot", standard.FirstBoot));
        try
        {
            return Platform.RunUntilStopped(also => new RunCommand(paths, also));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            Console.Error.WriteLine($"vmupdate-agent cannot run: {failure.Message}");
            return ExitCodes.CannotRun;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = _parts.Count - 1; i >= 0; i--)
        {
            _parts[i].Dispose();
        }
    }
}
