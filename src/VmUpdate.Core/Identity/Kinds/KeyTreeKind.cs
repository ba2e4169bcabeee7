namespace VmUpdate.Core.Identity;

/// <summary>A registry key with all it holds. What the master has there is replaced, not mixed with it.</summary>
internal class KeyTreeKind : ItemKind
{
    public override string? HashOn(GuestDisk disk, ManifestItem item, byte[] hashKey) =>
        FindKey(disk, item) is { } key ? HashOf(KeyTree.Serialize(key), item, hashKey) : null;

    public override ManifestItem Capture(GuestDisk old, ManifestItem item, LivePayload payload, byte[] hashKey)
    {
        byte[] bytes = KeyTree.Serialize(FindKey(old, item) ?? throw Lost(item));
        return item with { OldHash = HashOf(bytes, item, hashKey), Offset = payload.Add(bytes), Length = bytes.Length };
    }

    public override void Write(GuestDisk fresh, ManifestItem item, IBundlePayload payload)
    {
        byte[] bytes = ReadAll(payload, item);
        Remove(fresh, item);
        KeyTree.Apply(CreateKey(fresh, item), bytes);
        Array.Clear(bytes, 0, bytes.Length);
    }

    public override void Remove(GuestDisk fresh, ManifestItem item)
    {
        int end = item.Path.LastIndexOf('\\');
        string parent = end < 0 ? string.Empty : item.Path.Substring(0, end);
        FindKey(fresh, item with { Path = parent })?.DeleteSubKey(item.Path.Substring(end + 1));
    }

    protected static string HashOf(byte[] bytes, ManifestItem item, byte[] hashKey)
    {
        using IdentityHash hash = IdentityHash.Start(item, hashKey);
        return hash.Add(bytes).Finish();
    }
}
