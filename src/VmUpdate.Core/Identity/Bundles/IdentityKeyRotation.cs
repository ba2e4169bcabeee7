namespace VmUpdate.Core.Identity;

/// <summary>What became of an identity store when it got a new key.</summary>
/// <param name="KeyId">The new key's id.</param>
/// <param name="BundlesResealed">How many bundles were sealed anew.</param>
/// <param name="KeysRemoved">How many former keys were deleted; none while a bundle could not be sealed anew.</param>
/// <param name="Failures">What stood against sealing a bundle anew. Such a bundle, and all former keys, stay.</param>
public sealed record IdentityKeyRotation(Guid KeyId, int BundlesResealed, int KeysRemoved, IReadOnlyList<VmUpdateException> Failures);
