namespace VmUpdate.Core.Identity;

/// <summary>Something that must hold of the two disks before a set is carried.</summary>
/// <param name="Kind">What.</param>
/// <param name="Hive">The hive of <see cref="PreconditionKind.KeyOnBothOrNeither"/>.</param>
/// <param name="Key">The key of <see cref="PreconditionKind.KeyOnBothOrNeither"/>.</param>
/// <param name="Otherwise">The reason an administrator reads when it does not hold.</param>
/// <param name="UnlessAsked">Whether the administrator's word for the set stands above it.</param>
public sealed record Precondition(PreconditionKind Kind, HiveName Hive, string Key, string Otherwise, bool UnlessAsked = false);
