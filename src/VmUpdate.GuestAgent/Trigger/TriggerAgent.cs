using System.Reflection;
using VmUpdate.GuestAgent.Channels;
using VmUpdate.GuestAgent.Local;
using VmUpdate.GuestAgent.Runs;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Trigger;

/// <summary>The trigger agent: speaks with the host, has tasks performed, and hands requests of this machine's update agents to the host.</summary>
internal sealed partial class TriggerAgent : IDisposable
{
    private const int LongestNotice = 1000;
    private static readonly TimeSpan DrainBeforeDown = TimeSpan.FromSeconds(2);

    private readonly IMachine _machine;
    private readonly AgentDirectory _agents;
    private readonly AgentLog _log;
    private readonly HostLink _link;
    private readonly HostClock _clock = new();
    private readonly PayloadAssembler _payloads = new();
    private readonly VerbQueue _verbs = new();
    private readonly TaskDesk _desk;
    private readonly string _notice;

    /// <summary>Until the host has said hello, and when it speaks no version that this agent does, nothing else is said or taken.</summary>
    private bool _isMute = true;

    /// <summary>Makes it.</summary>
    /// <param name="open">Opens the channel to the host.</param>
    /// <param name="book">The runs on disk.</param>
    /// <param name="agents">The update agents.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="notice">What is wrong in this machine that no run tells; empty when all is well.</param>
    /// <param name="log">Notes what people may want to know.</param>
    public TriggerAgent(Func<HostStream> open, RunBook book, AgentDirectory agents, IMachine machine, string notice, AgentLog log)
    {
        (_machine, _agents, _notice, _log) = (machine, agents, OneLine.Of(notice, LongestNotice), log);
        _link = new HostLink(open, BeginTalk, Take, log);
        Requests = new RequestDesk(_link.Send);
        _desk = new TaskDesk(book, agents, machine, Tell, () => _link.Drain(DrainBeforeDown), log);
    }

    /// <summary>What this program calls itself.</summary>
    public static string Program { get; } =
        "vmupdate-agent " + (typeof(TriggerAgent).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0");

    /// <summary>The requests of this machine's update agents.</summary>
    public RequestDesk Requests { get; }

    /// <summary>Begins: takes up what was left, then opens the channel. To be called once.</summary>
    public void Start()
    {
        _desk.Resume();
        _verbs.Start();
        _link.Start();
    }

    /// <summary>Who speaks here.</summary>
    public Hello SayHello() => new(ProtocolVersion.Oldest, ProtocolVersion.Newest, Program, _machine.Name, _agents.Instructors, _desk.Known) { Notice = _notice };

    /// <summary>Says how a run stands.</summary>
    /// <param name="query">The question.</param>
    /// <returns>The answer.</returns>
    public GuestMessage Answer(QueryTask query) => (GuestMessage?)_desk.Query(query.RunId, query.Attempt)
        ?? new Reply(query.RequestId, false, ReplyCodes.UnknownRun, "this machine knows nothing of the run");

    /// <inheritdoc/>
    public void Dispose()
    {
        _link.Dispose();
        _verbs.Dispose();
    }

    private void BeginTalk()
    {
        Volatile.Write(ref _isMute, true);
        Requests.LoseHost();

        // What was not sent is told anew after the host's hello, which it would come before.
        _link.ForgetUnsent();
        _link.Send(SayHello() with { RequestId = "hello" });
    }

    private void Tell(TaskReport report)
    {
        if (!Volatile.Read(ref _isMute))
        {
            _link.Send(report);
        }
    }

    private void Hear(Hello hello)
    {
        bool isMute = ProtocolVersion.Choose(hello.OldestVersion, hello.NewestVersion) is null;
        Volatile.Write(ref _isMute, isMute);
        if (hello.RequestId.Length > 0)
        {
            _link.ForgetUnsent();
            _clock.Reset();
            _link.Send(SayHello());
        }

        if (isMute)
        {
            Requests.LoseHost();
            _log.Write(
                $"The host ({OneLine.Of(hello.Program, 100)}) speaks the versions {hello.OldestVersion} to {hello.NewestVersion} of the protocol, "
                + $"this agent {ProtocolVersion.Oldest} to {ProtocolVersion.Newest}: nothing else is said until one of them is updated.");
            return;
        }

        foreach (TaskReport report in _desk.TakeNews())
        {
            _link.Send(report);
        }

        Requests.FindHost(beganAnew: hello.RequestId.Length > 0);
    }
}
