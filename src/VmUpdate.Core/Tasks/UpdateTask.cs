namespace VmUpdate.Core.Tasks;

/// <summary>What is to be done, to which machines, when, and how urgently. It never changes: a changed task is another value.</summary>
public sealed record UpdateTask
{
    /// <summary>What it is known by.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its name, which no other task of the host has; compared without case.</summary>
    public required string Name { get; init; }

    /// <summary>What it does.</summary>
    public required UpdateTaskKind Kind { get; init; }

    /// <summary>Who orders it: the name of the update instructor whose agent performs it.</summary>
    public required string Instructor { get; init; }

    /// <summary>What is handed to the agent.</summary>
    public required PayloadInfo Payload { get; init; }

    /// <summary>The machines it is for.</summary>
    public required TaskTargets Targets { get; init; }

    /// <summary>When its runs may start, and when they must have ended.</summary>
    public TaskSchedule Schedule { get; init; } = new();

    /// <summary>How long each phase may take.</summary>
    public required PhaseTimeouts Timeouts { get; init; }

    /// <summary>How many times the guest may restart in one run.</summary>
    public required int MaxRestarts { get; init; }

    /// <summary>Whether a failed run is tried again.</summary>
    public RetryRule Retry { get; init; } = RetryRule.None;

    /// <summary>When failures keep the task from the machines that are left.</summary>
    public FailureLimit FailureLimit { get; init; } = FailureLimit.None;

    /// <summary>Whether it came through the urgent lane: before all others, still under the load gate.</summary>
    public bool IsUrgent { get; init; }

    /// <summary>How soon it goes first although it has no deadline.</summary>
    public TaskPriority Priority { get; init; } = TaskPriority.Normal;

    /// <summary>When a needed restart is done.</summary>
    public RestartPolicy RestartPolicy { get; init; } = RestartPolicy.IfNoSession;

    /// <summary>Whether a machine whose sessions cannot be known counts as not in use.</summary>
    public bool AllowUnknownSessions { get; init; }

    /// <summary>When it was registered, in UTC.</summary>
    public required DateTime Registered { get; init; }

    /// <summary>Who registered it: account and computer, or the machine whose guest asked for it.</summary>
    public string RegisteredBy { get; init; } = string.Empty;

    /// <summary>The request of a machine's guest that it came from; <see langword="null"/> for one that a prompt registered.</summary>
    public Guid? GuestRequest { get; init; }
}
