namespace VmUpdate.Core.Broker;

/// <summary>A run in the broker's state that has not ended.</summary>
internal sealed class TrackedRun
{
    /// <summary>Makes it.</summary>
    /// <param name="data">The run as it was written down last.</param>
    /// <param name="task">Its task.</param>
    /// <param name="vm">Its machine.</param>
    /// <param name="ordinal">Its place in the order of registration.</param>
    public TrackedRun(UpdateRun data, TrackedTask task, TrackedVm vm, long ordinal)
    {
        Data = data;
        Task = task;
        Vm = vm;
        Ordinal = ordinal;
        Key = RunKey.Of(task.Task, data.Due, ordinal);
    }

    /// <summary>The run as it is.</summary>
    public UpdateRun Data { get; set; }

    /// <summary>Its task.</summary>
    public TrackedTask Task { get; }

    /// <summary>Its machine.</summary>
    public TrackedVm Vm { get; }

    /// <summary>Its place in the order of registration.</summary>
    public long Ordinal { get; }

    /// <summary>Its place in the order of runs.</summary>
    public RunKey Key { get; set; }

    /// <summary>When its schedule must be asked again, in ticks of UTC; <see langword="null"/> when it is in no list.</summary>
    public long? Timer { get; set; }

    /// <summary>Whether the step has noted it as changed.</summary>
    public bool IsDirty { get; set; }

    /// <summary>When its phase began, monotonic.</summary>
    public TimeSpan PhaseSince { get; set; }

    /// <summary>When it was handed over, monotonic.</summary>
    public TimeSpan? PerformingSince { get; set; }

    /// <summary>Since when the agent is silent, monotonic.</summary>
    public TimeSpan? AwaySince { get; set; }

    /// <summary>Whether the agent was silent since its last report, so that a restart may have gone unseen.</summary>
    public bool MayHaveRestarted { get; set; }

    /// <summary>When it was called off, monotonic.</summary>
    public TimeSpan? CancelSince { get; set; }

    /// <summary>Whether the guest is done and only the restart is to be decided or awaited.</summary>
    public bool IsDoneButRestart { get; set; }

    /// <summary>Since when the host has no memory for it, monotonic.</summary>
    public TimeSpan? MemorySince { get; set; }

    /// <summary>What the gate said to it alone.</summary>
    public GateDecision Waits { get; set; }

    /// <summary>Where it is.</summary>
    public RunState State => Data.State;
}
