using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>A value of a registry key, with its type.</summary>
internal sealed class ValueKind : ItemKind
{
    public override string? HashOn(GuestDisk disk, ManifestItem item, byte[] hashKey) =>
        FindKey(disk, item)?.FindValue(item.Name) is { } value ? HashOf(value, item, hashKey) : null;

    public override ManifestItem Capture(GuestDisk old, ManifestItem item, LivePayload payload, byte[] hashKey)
    {
        RegistryValue value = FindKey(old, item)?.FindValue(item.Name) ?? throw Lost(item);
        return item with
        {
            OldHash = HashOf(value, item, hashKey),
            ValueType = value.Type,
            Offset = payload.Add(value.Data),
            Length = value.Data.Length,
        };
    }

    public override void Write(GuestDisk fresh, ManifestItem item, IBundlePayload payload)
    {
        byte[] data = ReadAll(payload, item);
        CreateKey(fresh, item).SetValue(item.Name, item.ValueType, data);
        Array.Clear(data, 0, data.Length);
    }

    public override void Remove(GuestDisk fresh, ManifestItem item) => FindKey(fresh, item)?.DeleteValue(item.Name);

    private static string HashOf(RegistryValue value, ManifestItem item, byte[] hashKey)
    {
        using IdentityHash hash = IdentityHash.Start(item, hashKey);
        return hash.Add((long)value.Type).Add(value.Data).Finish();
    }
}
