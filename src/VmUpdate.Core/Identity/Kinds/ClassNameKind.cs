using System.Text;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>The class name of a registry key.</summary>
internal sealed class ClassNameKind : ItemKind
{
    public override string? HashOn(GuestDisk disk, ManifestItem item, byte[] hashKey) =>
        FindKey(disk, item)?.ClassName is { Length: > 0 } className ? HashOf(className, item, hashKey) : null;

    public override ManifestItem Capture(GuestDisk old, ManifestItem item, LivePayload payload, byte[] hashKey)
    {
        RegistryKey key = FindKey(old, item) ?? throw Lost(item);
        byte[] text = Encoding.Unicode.GetBytes(key.ClassName);
        return item with { OldHash = HashOf(key.ClassName, item, hashKey), Offset = payload.Add(text), Length = text.Length };
    }

    public override void Write(GuestDisk fresh, ManifestItem item, IBundlePayload payload) =>
        CreateKey(fresh, item).SetClassName(Encoding.Unicode.GetString(ReadAll(payload, item)));

    public override void Remove(GuestDisk fresh, ManifestItem item) => FindKey(fresh, item)?.SetClassName(string.Empty);

    private static string HashOf(string className, ManifestItem item, byte[] hashKey)
    {
        using IdentityHash hash = IdentityHash.Start(item, hashKey);
        return hash.Add(className).Finish();
    }
}
