namespace VmUpdate.Core.Identity;

/// <summary>The key as it is, in a file and a folder that only their owner may read: the way of hosts without DPAPI.</summary>
public sealed class OwnerOnlyKeyProtector : IKeyProtector
{
    /// <inheritdoc/>
    public int Kind => 0;

    /// <inheritdoc/>
    public byte[] Protect(byte[] key) => (byte[])key.Clone();

    /// <inheritdoc/>
    public byte[] Unprotect(byte[] blob) => (byte[])blob.Clone();
}
