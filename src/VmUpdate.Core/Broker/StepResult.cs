namespace VmUpdate.Core.Broker;

/// <summary>What a step decided: first all of it is written down, then the actions are carried out.</summary>
internal sealed class StepResult
{
    /// <summary>What to do.</summary>
    public List<BrokerAction> Actions { get; } = [];

    /// <summary>The runs that are new or changed, as they are now.</summary>
    public List<UpdateRun> Runs { get; } = [];

    /// <summary>The machines awake for updates that are new or changed.</summary>
    public List<AwakeMachine> Awake { get; } = [];

    /// <summary>The machines that are not awake for updates any more.</summary>
    public List<Machines.VmKey> NotAwake { get; } = [];

    /// <summary>The tasks that too many failures hold.</summary>
    public List<Guid> HeldTasks { get; } = [];

    /// <summary>What happened.</summary>
    public List<JournalEntry> Journal { get; } = [];

    /// <summary>When the next step is due although nothing is observed before, from this step's time; <see langword="null"/> when never.</summary>
    public TimeSpan? NextIn { get; set; }

    /// <summary>Notes that a machine is awake for updates.</summary>
    /// <param name="awake">The machine.</param>
    public void AddAwake(AwakeMachine awake)
    {
        // A machine may be put back and woken again in one step: what was said last counts.
        NotAwake.Remove(awake.Vm);
        Awake.RemoveAll(a => a.Vm == awake.Vm);
        Awake.Add(awake);
    }

    /// <summary>Notes that a machine is not awake for updates any more.</summary>
    /// <param name="vm">The machine.</param>
    public void EndAwake(Machines.VmKey vm)
    {
        Awake.RemoveAll(a => a.Vm == vm);
        NotAwake.Remove(vm);
        NotAwake.Add(vm);
    }

    /// <summary>Whether there is something to write down.</summary>
    public bool HasChanges => Runs.Count > 0 || Awake.Count > 0 || NotAwake.Count > 0 || HeldTasks.Count > 0 || Journal.Count > 0;
}
