using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity;

/// <summary>A folder alone, that the master lacks: made with the security descriptor it has on the old disk.</summary>
internal sealed class FolderKind : ItemKind
{
    public override string? HashOn(GuestDisk disk, ManifestItem item, byte[] hashKey)
    {
        NtfsEntry? entry = disk.Volume.Find(GuestPath.Parse(item.Path));
        return entry is null ? null
            : !entry.IsDirectory ? "file" // equal to no hash: a file where a folder was expected
            : HashOf(disk.Volume, entry, item, hashKey);
    }

    public override ManifestItem Capture(GuestDisk old, ManifestItem item, LivePayload payload, byte[] hashKey)
    {
        NtfsEntry entry = old.Volume.Find(GuestPath.Parse(item.Path)) ?? throw Lost(item);
        return item with
        {
            OldHash = HashOf(old.Volume, entry, item, hashKey),
            File = new ManifestFile
            {
                Attributes = entry.Attributes & FileKind.SettableAttributes,
                Created = entry.Times.Created,
                Modified = entry.Times.Modified,
                Changed = entry.Times.Changed,
                Accessed = entry.Times.Accessed,
                SecurityDescriptor = old.Volume.GetSecurityDescriptor(entry.Path),
            },
        };
    }

    public override void Write(GuestDisk fresh, ManifestItem item, IBundlePayload payload)
    {
        var path = GuestPath.Parse(item.Path);
        switch (fresh.Volume.Find(path))
        {
            case null:
                fresh.Volume.Create(
                    path, new NtfsCreateProperties { IsDirectory = true, SecurityDescriptor = item.File!.SecurityDescriptor });
                break;
            case { IsDirectory: false }:
                throw new IdentityException(
                    IdentityFailure.NameClash, fresh.Subject, $"{path} is to be a folder, and the master has a file of that name.", item.Set);
        }
    }

    /// <summary>Gives a folder its times; only when all is in it, because each new entry changes them.</summary>
    public static void Finish(GuestDisk fresh, ManifestItem item)
    {
        ManifestFile file = item.File!;
        var times = new NtfsTimes(file.Created, file.Modified, file.Changed, file.Accessed);
        fresh.Volume.SetBasicInfo(GuestPath.Parse(item.Path), times, file.Attributes);
    }

    public override void Remove(GuestDisk fresh, ManifestItem item)
    {
        if (fresh.Volume.Find(GuestPath.Parse(item.Path)) is { IsDirectory: true } entry && !fresh.Volume.Enumerate(entry.Path).Any())
        {
            fresh.Volume.Delete(entry.Path);
        }
    }

    private static string HashOf(NtfsVolume volume, NtfsEntry entry, ManifestItem item, byte[] hashKey)
    {
        using IdentityHash hash = IdentityHash.Start(item, hashKey);
        byte[] security = volume.GetSecurityDescriptor(entry.Path);
        hash.Add((long)(entry.Attributes & FileKind.SettableAttributes)).Add(entry.Times.Created.Ticks);
        return hash.Add((long)security.Length).Add(security).Finish();
    }
}
