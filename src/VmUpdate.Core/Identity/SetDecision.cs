namespace VmUpdate.Core.Identity;

/// <summary>What becomes of one set on one machine, and why.</summary>
/// <param name="Set">The set's id in the catalogue.</param>
/// <param name="Verb">What the catalogue says.</param>
/// <param name="Outcome">What is done.</param>
/// <param name="Reason">Why, in one sentence for an administrator.</param>
/// <param name="Items">How many values, keys and files are carried, removed or renamed; for what is not carried, how many the old disk holds.</param>
/// <param name="Bytes">The bytes carried.</param>
public sealed record SetDecision(string Set, SetVerb Verb, SetOutcome Outcome, string Reason, int Items, long Bytes)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Set}: {Outcome}, {Reason}";
}
