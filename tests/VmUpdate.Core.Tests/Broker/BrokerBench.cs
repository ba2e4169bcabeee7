using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Tests.Tasks;
using Xunit;

namespace VmUpdate.Core.Tests.Broker;

/// <summary>A state with a host at rest, and the words to step it.</summary>
internal sealed class BrokerBench
{
    private TimeSpan _time;

    public BrokerBench(HostLimits? limits = null)
    {
        Limits = limits ?? new HostLimits { SettleTime = TimeSpan.Zero };
        Step(new Observation.LimitsSet(Limits), Load());
    }

    public HostLimits Limits { get; }

    public BrokerState State { get; } = new(1);

    public StepResult Last { get; private set; } = new();

    public Dictionary<Guid, UpdateRun> Stored { get; } = [];

    public List<JournalEntry> Journal { get; } = [];

    public DateTime Now => SampleTask.Now + _time;

    public static Observation.HostMeasured Load(double cpu = 10, long freeGiB = 50, long totalGiB = 64) =>
        new(new HostLoad(cpu, freeGiB << 30, totalGiB << 30));

    public StepResult Step(params Observation[] observations)
    {
        Last = BrokerStep.Step(State, new BrokerTime(Now, _time), observations);
        Last.Runs.ForEach(r => Stored[r.Id] = r);
        Journal.AddRange(Last.Journal);
        return Last;
    }

    public StepResult After(TimeSpan time, params Observation[] observations)
    {
        _time += time;
        return Step([.. observations, Load()]);
    }

    public StepResult Advance(TimeSpan time, IEnumerable<Observation> observations)
    {
        _time += time;
        return Step([.. observations]);
    }

    public TargetMachine Vm(int number, VmPowerState power = VmPowerState.Saved, string volume = "C:")
    {
        TargetMachine machine = SampleTask.Machine(number);
        Step(new Observation.VmSeen(machine, power, volume, null));
        return machine;
    }

    public UpdateRun Register(UpdateTask task, params TargetMachine[] machines)
    {
        IReadOnlyList<UpdateRun> runs = RunPlanner.First(task, machines, 1, Limits.StartJitter);
        foreach (UpdateRun run in runs)
        {
            Stored[run.Id] = run;
        }

        Step(new Observation.TaskAdded(task, runs));
        return runs[0];
    }

    public UpdateRun Get(UpdateRun run) => Stored[run.Id];

    public GateDecision Why(UpdateRun run) => State.WhyWaiting(State.Runs[run.Id]);

    public T Ordered<T>()
        where T : BrokerAction => Assert.Single(Last.Actions.OfType<T>());

    public StepResult Ended(BrokerAction action, ActionFailure? failure = null) => Step(new Observation.ActionEnded(action.Id, failure));

    public StepResult Report(UpdateRun run, GuestStatus status, bool needsRestart = false) =>
        Step(new Observation.GuestReported(run.Vm, run.Id, Get(run).Attempt, (int)status, null, needsRestart, string.Empty));

    /// <summary>Wakes the machine of a run that was let through, and hands the task over.</summary>
    public void BringToGuest(UpdateRun run, params UserSession[] sessions)
    {
        if (Last.Actions.OfType<BrokerAction.Wake>().SingleOrDefault(a => a.Vm == run.Vm) is { } wake)
        {
            Ended(wake);
        }

        Ordered<BrokerAction.AwaitGuest>();
        Step(new Observation.GuestAnswered(run.Vm, sessions));
        Ended(Ordered<BrokerAction.HandOver>());
    }

    /// <summary>Answers the question that comes before a put-back, or a restart.</summary>
    public StepResult AnswerSessions(params UserSession[] sessions)
    {
        BrokerAction.ReadSessions ask = Ordered<BrokerAction.ReadSessions>();
        return Step(new Observation.SessionsSeen(ask.Vm, sessions), new Observation.ActionEnded(ask.Id, null));
    }
}
