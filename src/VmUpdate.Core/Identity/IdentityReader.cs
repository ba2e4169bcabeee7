namespace VmUpdate.Core.Identity;

/// <summary>Lists the identity that a disk holds.</summary>
public sealed class IdentityReader
{
    /// <summary>Makes the reader.</summary>
    /// <param name="catalogue">What counts as identity.</param>
    public IdentityReader(IdentityCatalogue catalogue) => Catalogue = catalogue;

    /// <summary>What counts as identity.</summary>
    public IdentityCatalogue Catalogue { get; }

    /// <summary>Reads every enabled set but user data. Nothing secret is returned.</summary>
    /// <param name="disk">The disk.</param>
    /// <returns>The findings, set by set; an item that is a pattern gives one for each thing it fits, or one that is absent.</returns>
    public IReadOnlyList<IdentityFinding> Read(GuestDisk disk) => throw new NotSupportedException();
}
