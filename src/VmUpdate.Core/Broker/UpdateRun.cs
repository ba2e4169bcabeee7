using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Broker;

/// <summary>One task on one machine, once: as it is at one moment.</summary>
public sealed record UpdateRun
{
    /// <summary>What it is known by.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its task.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>Its machine.</summary>
    public required VmKey Vm { get; init; }

    /// <summary>The machine's name, for people.</summary>
    public required string VmName { get; init; }

    /// <summary>1 for the first, and one more each time that a recurring task comes again.</summary>
    public required int Occurrence { get; init; }

    /// <summary>The time that its schedule gave it, in UTC: it is ordered by this.</summary>
    public required DateTime Due { get; init; }

    /// <summary>Its earliest start with jitter and waits before retries, in UTC.</summary>
    public required DateTime NotBefore { get; init; }

    /// <summary>1 for the first try.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>Where it is.</summary>
    public RunState State { get; init; }

    /// <summary>Why it is there.</summary>
    public RunReason Reason { get; init; }

    /// <summary>The reason in one sentence, with its numbers.</summary>
    public string Detail { get; init; } = string.Empty;

    /// <summary>How it ended, although the machine was then left awake.</summary>
    public RunState? Outcome { get; init; }

    /// <summary>How far the guest says it is, 0 to 100; <see langword="null"/> when it does not say.</summary>
    public int? Percent { get; init; }

    /// <summary>How often the guest restarted.</summary>
    public int Restarts { get; init; }

    /// <summary>Whether a restart that it needs is still to come.</summary>
    public bool IsRestartPending { get; init; }

    /// <summary>Whether its deadline passed before it ended.</summary>
    public bool IsOverdue { get; init; }

    /// <summary>Whether the order to hand it over was given: from then on the guest is asked before it is given again.</summary>
    public bool IsHandOverBegun { get; init; }

    /// <summary>Whether the guest confirmed to have it.</summary>
    public bool IsHandOverConfirmed { get; init; }

    /// <summary>Whether it was called off.</summary>
    public bool IsCancelAsked { get; init; }

    /// <summary>When it first began, in UTC.</summary>
    public DateTime? Started { get; init; }

    /// <summary>When it ended, in UTC.</summary>
    public DateTime? Ended { get; init; }
}
