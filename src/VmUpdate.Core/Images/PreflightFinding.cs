namespace VmUpdate.Core.Images;

/// <summary>One thing that the checks found.</summary>
/// <param name="Verdict">How grave it is.</param>
/// <param name="Id">The error id it has or would have.</param>
/// <param name="Reason">What was found.</param>
/// <param name="Remedy">What to do about it; empty when nothing need be done.</param>
public sealed record PreflightFinding(PreflightVerdict Verdict, string Id, string Reason, string Remedy)
{
    /// <inheritdoc/>
    public override string ToString() => Remedy.Length == 0 ? $"{Verdict} {Id}: {Reason}" : $"{Verdict} {Id}: {Reason} {Remedy}";
}
