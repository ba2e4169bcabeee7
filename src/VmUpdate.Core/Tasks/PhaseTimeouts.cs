namespace VmUpdate.Core.Tasks;

/// <summary>How long each phase of a run may take. Counted in time that never goes back; a sleep of the host starts the count anew.</summary>
public sealed record PhaseTimeouts
{
    /// <summary>From the order to wake until the guest's agent answers. Default 15 minutes.</summary>
    public TimeSpan Waking { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long the agent may search.</summary>
    public required TimeSpan Searching { get; init; }

    /// <summary>How long the agent may download.</summary>
    public required TimeSpan Downloading { get; init; }

    /// <summary>How long the agent may apply.</summary>
    public required TimeSpan Applying { get; init; }

    /// <summary>How long a restart may take; also how long the agent may be silent in another phase.</summary>
    public required TimeSpan Rebooting { get; init; }

    /// <summary>From hand-over to result, all phases together.</summary>
    public required TimeSpan Total { get; init; }

    /// <summary>How long a clean stop of a machine that was found off may take. Default 15 minutes.</summary>
    public TimeSpan CleanStop { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The time-outs of a kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="total">Instead of the kind's total; the phases are bounded by it.</param>
    /// <returns>The time-outs.</returns>
    public static PhaseTimeouts Of(UpdateTaskKind kind, TimeSpan? total = null)
    {
        KindDefaults defaults = KindDefaults.Of(kind);
        TimeSpan whole = total ?? defaults.Total;
        return new PhaseTimeouts
        {
            Searching = whole, Downloading = whole, Applying = whole, Rebooting = defaults.AgentAway, Total = whole,
        };
    }

    /// <summary>The shortest of all, for checks.</summary>
    internal TimeSpan Shortest => new[] { Waking, Searching, Downloading, Applying, Rebooting, Total, CleanStop }.Min();
}
