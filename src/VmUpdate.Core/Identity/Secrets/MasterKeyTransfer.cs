using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>
/// Takes the DPAPI master keys of one machine beside those of another, sealed under the other's DPAPI_SYSTEM, so that what either
/// protected opens. DPAPI_SYSTEM and <c>Preferred</c> stay the new disk's.
/// </summary>
internal sealed class MasterKeyTransfer : IDisposable
{
    private readonly GuestDisk _old;
    private readonly GuestDisk _fresh;
    private readonly DpapiSystem _oldSystem;
    private readonly DpapiSystem _freshSystem;

    /// <summary>Opens the DPAPI_SYSTEM of both disks.</summary>
    /// <param name="old">The old disk.</param>
    /// <param name="fresh">The new disk, or its master.</param>
    /// <exception cref="IdentityException">One of the two does not open.</exception>
    public MasterKeyTransfer(GuestDisk old, GuestDisk fresh)
    {
        _old = old;
        _fresh = fresh;
        using GuestSecrets oldSecrets = GuestSecrets.Open(old);
        using GuestSecrets freshSecrets = GuestSecrets.Open(fresh);
        _oldSystem = DpapiSystem.Read(oldSecrets);
        _freshSystem = DpapiSystem.Read(freshSecrets);
    }

    /// <summary>Seals a master key of the old disk for the new one.</summary>
    /// <param name="entry">Its file on the old disk.</param>
    /// <param name="salt">Where salts come from.</param>
    /// <returns>The new file's bytes, as many as the old one's.</returns>
    /// <exception cref="IdentityException">The key does not open on the old disk.</exception>
    public byte[] Rewrap(NtfsEntry entry, SaltSource salt) =>
        MasterKeyStore.Read(_old, entry).SealAgain(_oldSystem, _freshSystem, MasterKeyStore.LikelyPart(entry), salt);

    /// <summary>Makes sure that a file of both disks, from an ancestor of both, holds the same key.</summary>
    /// <param name="entry">Its file on the old disk.</param>
    /// <param name="there">The file of that id on the new one.</param>
    /// <exception cref="IdentityException"><see cref="IdentityFailure.NameClash"/>: it does not.</exception>
    public void RequireSame(NtfsEntry entry, NtfsEntry there)
    {
        (SecretBuffer key, _) = MasterKeyStore.Read(_old, entry).Open(_oldSystem, MasterKeyStore.LikelyPart(entry));
        using (key)
        {
            (SecretBuffer keyThere, _) = MasterKeyStore.Read(_fresh, there).Open(_freshSystem, MasterKeyStore.LikelyPart(there));
            using (keyThere)
            {
                if (!SecretBuffer.AreEqual(key.Span, keyThere.Span))
                {
                    throw new IdentityException(
                        IdentityFailure.NameClash,
                        _old.Subject,
                        "the new disk has another master key of the same id, and both cannot be kept.",
                        entry.Path.ToString());
                }
            }
        }
    }

    public void Dispose()
    {
        _oldSystem.Dispose();
        _freshSystem.Dispose();
    }
}
