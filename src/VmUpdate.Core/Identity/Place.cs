using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity;

/// <summary>One thing that an item means on a disk and that is there.</summary>
/// <param name="Item">The catalogue's item.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Path">Its key's path, <c>CurrentControlSet</c> unresolved; or its path on the volume.</param>
/// <param name="Name">The value's name; else empty.</param>
/// <param name="Bytes">How many bytes it holds.</param>
/// <param name="Entry">The file or folder; <see langword="null"/> for the registry.</param>
internal sealed record Place(IdentityItem Item, ManifestItemKind Kind, string Path, string Name, long Bytes, NtfsEntry? Entry)
{
    /// <summary>Equal for the same place on two disks.</summary>
    public string Key => $"{(Entry is null ? Item.Hive.ToString() : "file")}|{Path}|{Kind}|{Name}".ToUpperInvariant();
}
