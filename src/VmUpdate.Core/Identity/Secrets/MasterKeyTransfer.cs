using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>A master key file of the old disk, sealed for the new one.</summary>
/// <param name="Source">The file on the old disk, whose times, attributes and security it keeps.</param>
/// <param name="Path">Where it goes, under the Windows folder.</param>
/// <param name="Bytes">Its new bytes; nothing in them is in clear.</param>
internal sealed record CarriedMasterKey(NtfsEntry Source, GuestPath Path, byte[] Bytes);

/// <summary>
/// Takes the DPAPI master keys of one machine beside those of another, sealed under the other's DPAPI_SYSTEM, so that what either
/// protected opens. DPAPI_SYSTEM and <c>Preferred</c> stay the new disk's.
/// </summary>
internal static class MasterKeyTransfer
{
    /// <summary>Seals the old disk's master keys for the new one.</summary>
    /// <param name="old">The old disk.</param>
    /// <param name="oldSecrets">Its secrets.</param>
    /// <param name="fresh">The new disk, or its master.</param>
    /// <param name="freshSecrets">Its secrets.</param>
    /// <param name="salt">Where salts come from.</param>
    /// <returns>The files to write. A key that the new disk holds already, from an ancestor of both, is not among them.</returns>
    /// <exception cref="IdentityException">
    /// A key does not open on the old disk, or the new one has another key of the same id (<see cref="IdentityFailure.NameClash"/>).
    /// </exception>
    public static IReadOnlyList<CarriedMasterKey> Rewrap(
        GuestDisk old, GuestSecrets oldSecrets, GuestDisk fresh, GuestSecrets freshSecrets, SaltSource salt)
    {
        var carried = new List<CarriedMasterKey>();
        IReadOnlyList<(NtfsEntry Entry, DpapiSystemPart Part)> files = MasterKeyStore.Enumerate(old);
        if (files.Count == 0)
        {
            return carried;
        }

        using DpapiSystem oldSystem = DpapiSystem.Read(oldSecrets);
        using DpapiSystem freshSystem = DpapiSystem.Read(freshSecrets);
        foreach ((NtfsEntry entry, DpapiSystemPart part) in files)
        {
            MasterKeyFile file = MasterKeyStore.Read(old, entry);
            GuestPath path = (part == DpapiSystemPart.Machine ? MasterKeyStore.MachineFolder : MasterKeyStore.UserFolder).Append(entry.Path.Name);
            if (fresh.Volume.Find(MasterKeyStore.Under(fresh, path)) is { } there)
            {
                RequireSame(file, oldSystem, MasterKeyStore.Read(fresh, there), freshSystem, part, old.Subject, path);
            }
            else
            {
                carried.Add(new CarriedMasterKey(entry, path, file.SealAgain(oldSystem, freshSystem, part, salt)));
            }
        }

        return carried;
    }

    private static void RequireSame(
        MasterKeyFile file, DpapiSystem system, MasterKeyFile there, DpapiSystem systemThere, DpapiSystemPart part, string subject, GuestPath path)
    {
        (SecretBuffer key, _) = file.Open(system, part);
        using (key)
        {
            (SecretBuffer keyThere, _) = there.Open(systemThere, part);
            using (keyThere)
            {
                if (!SecretBuffer.AreEqual(key.Span, keyThere.Span))
                {
                    throw new IdentityException(
                        IdentityFailure.NameClash, subject, "the new disk has another master key of the same id; both cannot be kept.", path.ToString());
                }
            }
        }
    }
}
