using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity;

/// <summary>A file that is made for the new disk and is on neither of the others. Only SYSTEM and administrators may read it.</summary>
internal sealed class GeneratedFileKind : FileKind
{
    // O:SY G:SY D:P(A;;FA;;;SY)(A;;FA;;;BA), [MS-DTYP] 2.4.6
    private static readonly byte[] Protected =
    [
        1, 0, 4, 0x90, 0x48, 0, 0, 0, 0x54, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0,
        2, 0, 0x34, 0, 2, 0, 0, 0,
        0, 0, 0x14, 0, 0xFF, 1, 0x1F, 0, 1, 1, 0, 0, 0, 0, 0, 5, 0x12, 0, 0, 0,
        0, 0, 0x18, 0, 0xFF, 1, 0x1F, 0, 1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0,
        1, 1, 0, 0, 0, 0, 0, 5, 0x12, 0, 0, 0,
        1, 1, 0, 0, 0, 0, 0, 5, 0x12, 0, 0, 0,
    ];

    /// <summary>Puts what was made into the payload.</summary>
    public static ManifestItem Capture(ManifestItem item, SecretBuffer content, DateTime utcNow, LivePayload payload, byte[] hashKey)
    {
        using IdentityHash hash = IdentityHash.Start(item, hashKey);
        var file = new ManifestFile
        {
            Attributes = FileAttributes.Archive,
            Created = utcNow,
            Modified = utcNow,
            Changed = utcNow,
            Accessed = utcNow,
            SecurityDescriptor = Protected,
            Streams = [new ManifestStream(string.Empty, content.Length, hash.Add(content.Pinned, content.Length).Finish())],
        };
        return item with { ResultHash = HashOf(file, item, hashKey), File = file, Offset = payload.Add(content.Pinned), Length = content.Length };
    }

    public override ManifestItem Capture(GuestDisk old, ManifestItem item, LivePayload payload, byte[] hashKey) =>
        throw new InvalidOperationException("A file that is made is on no old disk.");

    public override void Write(GuestDisk fresh, ManifestItem item, IBundlePayload payload)
    {
        CreateFolder(fresh, GuestPath.Parse(item.Path).Parent, item);
        base.Write(fresh, item, payload);
    }

    // The file's own access list is narrow; its folder inherits that of the folder above.
    private static void CreateFolder(GuestDisk fresh, GuestPath folder, ManifestItem item)
    {
        switch (folder.Equals(GuestPath.Root) ? null : fresh.Volume.Find(folder))
        {
            case null when !folder.Equals(GuestPath.Root):
                CreateFolder(fresh, folder.Parent, item);
                fresh.Volume.Create(folder, new NtfsCreateProperties { IsDirectory = true });
                break;
            case { IsDirectory: false }:
                throw new IdentityException(
                    IdentityFailure.NameClash, fresh.Subject, $"{folder} is to be a folder, and the master has a file of that name.", item.Set);
        }
    }
}
