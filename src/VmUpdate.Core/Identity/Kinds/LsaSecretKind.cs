using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>
/// An LSA secret: its key with all it holds, both states sealed under the new disk's own LSA key. A bundle of it holds nothing in clear,
/// and fits children of that one master only.
/// </summary>
internal sealed class LsaSecretKind : KeyTreeKind
{
    public override ManifestItem Capture(GuestDisk old, GuestDisk master, ManifestItem item, LivePayload payload, byte[] hashKey)
    {
        RegistryKey key = FindKey(old, item) ?? throw Lost(item);
        using GuestSecrets oldSecrets = GuestSecrets.Open(old);
        using GuestSecrets masterSecrets = GuestSecrets.Open(master);
        byte[] bytes = KeyTree.Serialize(
            key, (part, value) => LsaSecretTransfer.Rewrap(oldSecrets, masterSecrets, NameOf(item), part, value, SystemSalt.Fill));
        return item with
        {
            OldHash = HashOf(KeyTree.Serialize(key), item, hashKey),
            ResultHash = HashOf(bytes, item, hashKey),
            Offset = payload.Add(bytes),
            Length = bytes.Length,
        };
    }

    public override void RequireUsable(GuestDisk result, ManifestItem item)
    {
        using GuestSecrets secrets = GuestSecrets.Open(result);
        LsaSecretTransfer.RequireReadable(secrets, NameOf(item));
    }

    private static string NameOf(ManifestItem item) => item.Path.Substring(item.Path.LastIndexOf('\\') + 1);
}
