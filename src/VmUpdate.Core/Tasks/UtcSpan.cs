namespace VmUpdate.Core.Tasks;

/// <summary>A span of time in UTC.</summary>
/// <param name="From">Its first moment.</param>
/// <param name="To">Its end, not itself in it.</param>
internal readonly record struct UtcSpan(DateTime From, DateTime To)
{
    /// <summary>Whether a moment is in it.</summary>
    /// <param name="utc">The moment.</param>
    /// <returns>Whether it is.</returns>
    public bool Contains(DateTime utc) => utc >= From && utc < To;
}
