namespace VmUpdate.Core.Identity;

/// <summary>What a swap would carry, remove and leave, set by set.</summary>
public sealed class IdentityPlan
{
    internal IdentityPlan(IReadOnlyList<SetDecision> decisions, IReadOnlyList<string> warnings, MasterFacts master)
    {
        Decisions = decisions;
        Warnings = warnings;
        Master = master;
    }

    /// <summary>What is true of the master for every machine that gets it.</summary>
    public MasterFacts Master { get; }

    /// <summary>One decision for each enabled set of the catalogue, dependencies first.</summary>
    public IReadOnlyList<SetDecision> Decisions { get; }

    /// <summary>What the administrator should know besides, a sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The bytes that would be carried.</summary>
    public long Bytes => Decisions.Sum(decision => decision.Bytes);
}
