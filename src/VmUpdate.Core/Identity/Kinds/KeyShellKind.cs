using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>
/// A registry key alone, that the master lacks and a carried value needs: it gets the class name and the security that it has on
/// the old disk, which no key above would give it.
/// </summary>
internal sealed class KeyShellKind : ItemKind
{
    public override string? HashOn(GuestDisk disk, ManifestItem item, byte[] hashKey) =>
        FindKey(disk, item) is { } key ? HashOf(key, item, hashKey) : null;

    public override ManifestItem Capture(GuestDisk old, ManifestItem item, LivePayload payload, byte[] hashKey)
    {
        RegistryKey key = FindKey(old, item) ?? throw Lost(item);
        byte[] bytes = KeyTree.SerializeShell(key);
        return item with { OldHash = HashOf(key, item, hashKey), Offset = payload.Add(bytes), Length = bytes.Length };
    }

    public override void Write(GuestDisk fresh, ManifestItem item, IBundlePayload payload) =>
        KeyTree.Apply(CreateKey(fresh, item), ReadAll(payload, item));

    // It is only planned for keys that the master lacks.
    public override void Remove(GuestDisk fresh, ManifestItem item) => throw new InvalidOperationException("A key alone is never removed.");

    private static string HashOf(RegistryKey key, ManifestItem item, byte[] hashKey)
    {
        using IdentityHash hash = IdentityHash.Start(item, hashKey);
        return hash.Add(KeyTree.SerializeShell(key)).Finish();
    }
}
