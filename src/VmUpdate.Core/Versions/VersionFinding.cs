using VmUpdate.Core.Identity;

namespace VmUpdate.Core.Versions;

/// <summary>What a version leaks to every machine that is made from it. No secret is in it.</summary>
/// <param name="Severity">How grave it is.</param>
/// <param name="Set">The set's id in the catalogue.</param>
/// <param name="Title">What the set is, for people.</param>
/// <param name="IsNew">Whether the version that it was made from does not leak it.</param>
public sealed record VersionFinding(Severity Severity, string Set, string Title, bool IsNew)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Severity}: {Title} ({Set}){(IsNew ? ", new in this version" : string.Empty)}";
}
