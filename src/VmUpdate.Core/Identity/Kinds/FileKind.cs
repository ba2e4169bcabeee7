using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity;

/// <summary>
/// A file with all its streams, its security descriptor, its times and attributes. A file of the master at that place is deleted
/// first: writing into it would also change it under the other names it may have.
/// </summary>
internal class FileKind : ItemKind
{
    public const int ChunkSize = 1 << 20;

    /// <summary>Attributes a writer may set; the others say how the file system stores the file.</summary>
    public const FileAttributes SettableAttributes = FileAttributes.ReadOnly | FileAttributes.Hidden | FileAttributes.System
        | FileAttributes.Archive | FileAttributes.Temporary | FileAttributes.NotContentIndexed;

    public override string? HashOn(GuestDisk disk, ManifestItem item, byte[] hashKey)
    {
        NtfsEntry? entry = disk.Volume.Find(GuestPath.Parse(item.Path));
        return entry is null ? null
            : entry.IsDirectory ? "folder" // equal to no hash: a folder where a file was expected
            : HashOf(Describe(disk.Volume, entry, item, hashKey), item, hashKey);
    }

    public override ManifestItem Capture(GuestDisk old, ManifestItem item, LivePayload payload, byte[] hashKey)
    {
        NtfsEntry entry = old.Volume.Find(GuestPath.Parse(item.Path)) ?? throw Lost(item);
        ManifestFile file = Describe(old.Volume, entry, item, hashKey);
        long offset = payload.Length;
        foreach (ManifestStream stream in file.Streams)
        {
            payload.Add(old.Volume, entry.Path, stream.Name, stream.Length);
        }

        return item with { OldHash = HashOf(file, item, hashKey), File = file, Offset = offset, Length = payload.Length - offset };
    }

    public override void Write(GuestDisk fresh, ManifestItem item, IBundlePayload payload)
    {
        NtfsVolume volume = fresh.Volume;
        var path = GuestPath.Parse(item.Path);
        ManifestFile file = item.File!;
        NtfsEntry? present = volume.Find(path);
        if (present is { IsDirectory: true })
        {
            throw new IdentityException(
                IdentityFailure.NameClash, fresh.Subject, $"{path} is to be a file, and the master has a folder of that name.", item.Set);
        }

        if (present is not null)
        {
            volume.Delete(present.Path);
        }

        volume.Create(path, new NtfsCreateProperties { SecurityDescriptor = file.SecurityDescriptor });
        long offset = item.Offset;
        foreach (ManifestStream stream in file.Streams)
        {
            if (stream.Name.Length > 0)
            {
                volume.CreateStream(path, stream.Name);
            }

            Copy(payload, offset, volume, path, stream);
            offset += stream.Length;
        }

        volume.SetBasicInfo(path, new NtfsTimes(file.Created, file.Modified, file.Changed, file.Accessed), file.Attributes);
    }

    public override void Remove(GuestDisk fresh, ManifestItem item)
    {
        if (fresh.Volume.Find(GuestPath.Parse(item.Path)) is { IsDirectory: false } entry)
        {
            fresh.Volume.Delete(entry.Path);
        }
    }

    private static void Copy(IBundlePayload payload, long offset, NtfsVolume volume, GuestPath path, ManifestStream stream)
    {
        if (stream.Length == 0)
        {
            return;
        }

        using IBlockFile target = volume.OpenStream(path, stream.Name, writable: true);
        if (stream.Length > ChunkSize)
        {
            target.SetLength(stream.Length); // once, so that the volume can look for one run of clusters
        }

        var buffer = new byte[Math.Min(ChunkSize, stream.Length)];
        for (long done = 0; done < stream.Length; done += buffer.Length)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, stream.Length - done));
            payload.Read(offset + done, chunk);
            target.WriteAt(done, chunk);
        }

        Array.Clear(buffer, 0, buffer.Length);
    }

    protected static ManifestFile Describe(NtfsVolume volume, NtfsEntry entry, ManifestItem item, byte[] hashKey) => new()
    {
        Attributes = entry.Attributes & SettableAttributes,
        Created = entry.Times.Created,
        Modified = entry.Times.Modified,
        Changed = entry.Times.Changed,
        Accessed = entry.Times.Accessed,
        SecurityDescriptor = volume.GetSecurityDescriptor(entry.Path),
        Streams = volume.GetStreams(entry.Path)
            .OrderBy(stream => stream.Name, StringComparer.Ordinal)
            .Select(stream => new ManifestStream(stream.Name, stream.Length, HashOf(volume, entry.Path, stream, item, hashKey)))
            .ToList(),
    };

    private static string HashOf(NtfsVolume volume, GuestPath path, NtfsStreamInfo stream, ManifestItem item, byte[] hashKey)
    {
        using IdentityHash hash = IdentityHash.Start(item, hashKey);
        if (stream.Length > 0)
        {
            using IBlockFile source = volume.OpenStream(path, stream.Name);
            var buffer = new byte[Math.Min(ChunkSize, stream.Length)];
            for (long done = 0; done < stream.Length; done += buffer.Length)
            {
                int count = (int)Math.Min(buffer.Length, stream.Length - done);
                source.ReadAt(done, buffer.AsSpan(0, count));
                hash.Add(buffer, count);
            }

            Array.Clear(buffer, 0, buffer.Length);
        }

        return hash.Finish();
    }

    protected static string HashOf(ManifestFile file, ManifestItem item, byte[] hashKey)
    {
        // When the record last changed and when it was last read is not part of what was carried: reading changes the one, this the other.
        using IdentityHash hash = IdentityHash.Start(item, hashKey);
        hash.Add((long)file.Attributes).Add(file.Created.Ticks).Add(file.Modified.Ticks);
        hash.Add((long)file.SecurityDescriptor.Length).Add(file.SecurityDescriptor);
        foreach (ManifestStream stream in file.Streams)
        {
            hash.Add(stream.Name).Add(stream.Length).Add(stream.Hash);
        }

        return hash.Finish();
    }
}
