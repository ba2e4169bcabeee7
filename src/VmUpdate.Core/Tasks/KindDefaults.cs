namespace VmUpdate.Core.Tasks;

/// <summary>What a kind of task is allowed when its own task says nothing.</summary>
/// <param name="Total">How long a run may take from hand-over to result.</param>
/// <param name="MaxRestarts">How many times the guest may restart in one run.</param>
/// <param name="AgentAway">How long the update agent may be silent, restarts included.</param>
public sealed record KindDefaults(TimeSpan Total, int MaxRestarts, TimeSpan AgentAway)
{
    private static readonly KindDefaults Upgrade = new(TimeSpan.FromHours(4), 5, TimeSpan.FromMinutes(60));
    private static readonly KindDefaults Application = new(TimeSpan.FromHours(1), 1, TimeSpan.FromMinutes(15));
    private static readonly KindDefaults Setting = new(TimeSpan.FromMinutes(10), 0, TimeSpan.FromMinutes(5));

    /// <summary>The defaults of a kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns>The defaults.</returns>
    public static KindDefaults Of(UpdateTaskKind kind) => kind switch
    {
        UpdateTaskKind.OperatingSystemUpgrade => Upgrade,
        UpdateTaskKind.Configuration => Setting,
        _ => Application,
    };
}
