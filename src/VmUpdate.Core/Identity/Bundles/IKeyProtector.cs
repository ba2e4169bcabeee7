namespace VmUpdate.Core.Identity;

/// <summary>How the key of an identity store lies on the host.</summary>
public interface IKeyProtector
{
    /// <summary>Names the way, in the key's file: a key is opened only as it was protected.</summary>
    int Kind { get; }

    /// <summary>Protects a key.</summary>
    /// <param name="key">The key. Not changed, not kept.</param>
    /// <returns>What is written to the host.</returns>
    /// <exception cref="IdentityException"><see cref="IdentityFailure.KeyProtectionFailed"/>.</exception>
    byte[] Protect(byte[] key);

    /// <summary>Opens a protected key.</summary>
    /// <param name="blob">What <see cref="Protect"/> gave.</param>
    /// <returns>The key, to be zeroed by the caller.</returns>
    /// <exception cref="IdentityException"><see cref="IdentityFailure.KeyProtectionFailed"/>.</exception>
    byte[] Unprotect(byte[] blob);
}
