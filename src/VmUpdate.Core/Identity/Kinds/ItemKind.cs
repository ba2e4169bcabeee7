using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>How one kind of thing is copied out of a disk, written to another, and known again.</summary>
internal abstract class ItemKind
{
    private static readonly Dictionary<ManifestItemKind, ItemKind> Kinds = new()
    {
        [ManifestItemKind.Value] = new ValueKind(),
        [ManifestItemKind.KeyTree] = new KeyTreeKind(),
        [ManifestItemKind.KeyShell] = new KeyShellKind(),
        [ManifestItemKind.ClassName] = new ClassNameKind(),
        [ManifestItemKind.File] = new FileKind(),
        [ManifestItemKind.Folder] = new FolderKind(),
        [ManifestItemKind.LsaSecret] = new LsaSecretKind(),
        [ManifestItemKind.MasterKey] = new MasterKeyKind(),
        [ManifestItemKind.StaticAddress] = new StaticAddressKind(),
        [ManifestItemKind.GeneratedFile] = new GeneratedFileKind(),
    };

    public static ItemKind Of(ManifestItem item) => Kinds[item.Kind];

    /// <summary>The hash of what a disk holds at the item's place; <see langword="null"/> when it holds nothing.</summary>
    public abstract string? HashOn(GuestDisk disk, ManifestItem item, byte[] hashKey);

    /// <summary>Copies what the old disk holds, which is there, into the payload.</summary>
    /// <returns>The item with <see cref="ManifestItem.OldHash"/> and with what <see cref="Write"/> needs.</returns>
    public abstract ManifestItem Capture(GuestDisk old, ManifestItem item, LivePayload payload, byte[] hashKey);

    /// <summary>The same, for kinds whose bytes on the new disk are others than on the old one: those for the master's own keys.</summary>
    /// <returns>The item; <see cref="ManifestItem.ResultHash"/> is set when it is not <see cref="ManifestItem.OldHash"/>.</returns>
    public virtual ManifestItem Capture(GuestDisk old, GuestDisk master, ManifestItem item, LivePayload payload, byte[] hashKey) =>
        Capture(old, item, payload, hashKey);

    /// <summary>Makes sure that what was written is of use on that very disk, where its bytes alone do not tell.</summary>
    /// <exception cref="IdentityException">It is not.</exception>
    public virtual void RequireUsable(GuestDisk result, ManifestItem item)
    {
    }

    /// <summary>Writes the captured to a disk, whatever is there.</summary>
    public abstract void Write(GuestDisk fresh, ManifestItem item, IBundlePayload payload);

    /// <summary>Removes what a disk has there; nothing happens when it has nothing.</summary>
    public abstract void Remove(GuestDisk fresh, ManifestItem item);

    protected static RegistryKey? FindKey(GuestDisk disk, ManifestItem item) =>
        disk.HasHive(item.Hive) ? disk.OpenHive(item.Hive).Find(disk.ResolveKey(item.Hive, item.Path)) : null;

    protected static RegistryKey CreateKey(GuestDisk disk, ManifestItem item) =>
        disk.OpenHive(item.Hive).Create(disk.ResolveKey(item.Hive, item.Path));

    protected static byte[] ReadAll(IBundlePayload payload, ManifestItem item)
    {
        var bytes = new byte[item.Length];
        payload.Read(item.Offset, bytes);
        return bytes;
    }

    protected static DiskFormatException Lost(ManifestItem item) => new(
        DiskFormatDefect.NotFound, item.Kind.ToString(), -1, $"{item.Path} was on the disk a moment ago and is gone.");
}
