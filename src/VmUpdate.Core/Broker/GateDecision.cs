namespace VmUpdate.Core.Broker;

/// <summary>What the load gate says: may it be now, and if not, why, with the numbers.</summary>
/// <param name="Reason">Why not; <see cref="RunReason.None"/> when it may.</param>
/// <param name="Detail">The reason in one sentence.</param>
internal readonly record struct GateDecision(RunReason Reason, string Detail)
{
    /// <summary>It may.</summary>
    public static readonly GateDecision Open = new(RunReason.None, string.Empty);

    /// <summary>Whether it may.</summary>
    public bool IsOpen => Reason == RunReason.None;
}
