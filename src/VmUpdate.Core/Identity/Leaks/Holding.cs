namespace VmUpdate.Core.Identity.Leaks;

/// <summary>Something a disk holds that would be a leak on a master, or that only one machine may have.</summary>
/// <param name="Set">Its set.</param>
/// <param name="Item">Its item.</param>
/// <param name="Place">Where it is.</param>
/// <param name="Digest">Equal for equal things within one scan; empty when it is not compared.</param>
/// <param name="Shown">What is there, where it is no secret.</param>
internal sealed record Holding(IdentitySet Set, IdentityItem Item, string Place, string Digest, string Shown);
