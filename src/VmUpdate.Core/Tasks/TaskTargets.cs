namespace VmUpdate.Core.Tasks;

/// <summary>The machines that a task is for: the union of what is named here.</summary>
public sealed record TaskTargets
{
    /// <summary>Names, compared without case; each must be that of exactly one machine of the host.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Patterns for names, with <c>*</c> and <c>?</c>, compared without case.</summary>
    public IReadOnlyList<string> Patterns { get; init; } = [];

    /// <summary>Ids of machines.</summary>
    public IReadOnlyList<Guid> Ids { get; init; } = [];

    /// <summary>Pools, by name, without case.</summary>
    public IReadOnlyList<string> Pools { get; init; } = [];

    /// <summary>Whole kinds.</summary>
    public TargetKinds Kinds { get; init; }

    /// <summary>Whether nothing is named.</summary>
    internal bool IsEmpty => Names.Count == 0 && Patterns.Count == 0 && Ids.Count == 0 && Pools.Count == 0 && Kinds == TargetKinds.None;

    /// <summary>Whether a machine that appears later may belong to it.</summary>
    internal bool IsOpenEnded => Patterns.Count > 0 || Pools.Count > 0 || Kinds != TargetKinds.None;
}
