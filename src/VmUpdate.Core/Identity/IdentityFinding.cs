namespace VmUpdate.Core.Identity;

/// <summary>One identity item as a disk holds it, or the fact that it does not.</summary>
/// <param name="Set">The set's id in the catalogue.</param>
/// <param name="Item">The item's name in the set.</param>
/// <param name="Place">Where on the disk: a key and value, or a path.</param>
/// <param name="Verb">What a swap does with it.</param>
/// <param name="Present">Whether the disk holds it.</param>
/// <param name="Fingerprint">
/// The first 16 hexadecimal digits of the SHA-256 of what the disk holds, of what is or may hold a secret keyed for this process; empty when
/// absent. Never the thing itself.
/// </param>
/// <param name="Display">What the disk holds, for items that are no secret; else empty, or a count.</param>
public sealed record IdentityFinding(
    string Set, string Item, string Place, SetVerb Verb, bool Present, string Fingerprint, string Display);
