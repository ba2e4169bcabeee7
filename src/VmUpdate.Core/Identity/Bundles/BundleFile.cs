using System.Security.Cryptography;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>The bytes of a sealed bundle in a file: header, then the segments of manifest and payload.</summary>
internal static class BundleFile
{
    /// <summary>Makes a file whose bytes are durable, and were read back and compared, before it has its name.</summary>
    /// <exception cref="HostFileException">The folder has too little room, or cannot be written.</exception>
    public static void Create(IHostFolder folder, string name, SegmentSealer sealer, byte[] manifest, IBundlePayload payload)
    {
        string temporary = Temporary(name);
        if (sealer.FileLength > folder.FreeBytes)
        {
            throw new HostFileException(
                HostFileFailure.DiskFull, folder.Path, $"the bundle needs {sealer.FileLength} bytes, and {folder.FreeBytes} are free.");
        }

        folder.Delete(temporary);
        try
        {
            using IBlockFile file = folder.Create(temporary);
            byte[] written = WriteSegments(file, sealer, manifest, payload);
            file.Flush();
            ReadBack(folder, file, sealer, written);
        }
        catch (VmUpdateException)
        {
            folder.Delete(temporary);
            throw;
        }
    }

    /// <summary>Gives what <see cref="Create"/> made its name.</summary>
    public static void Publish(IHostFolder folder, string name)
    {
        folder.Rename(Temporary(name), name);
        folder.Flush();
    }

    /// <summary>What a file is called until it is whole.</summary>
    public static string Temporary(string name) => name + ".tmp";

    /// <summary>The header of a new file for a manifest and its payload.</summary>
    public static BundleHeader HeaderFor(IdentityManifest manifest, Guid keyId, long plainLength) => new()
    {
        BundleId = manifest.BundleId,
        VmId = manifest.VmId,
        TakenTicks = manifest.TakenUtc.Ticks,
        KeyId = keyId,
        Salt = StoreKey.Random(BundleHeader.SaltSize),
        PlainLength = plainLength,
    };

    /// <summary>Reads the bytes at the start of a file.</summary>
    /// <exception cref="IdentityException">It is shorter.</exception>
    public static byte[] ReadStart(IBlockFile file, int size, string subject)
    {
        if (file.Length < size)
        {
            throw new IdentityException(IdentityFailure.BundleDamaged, subject, $"it is only {file.Length} bytes long.");
        }

        var start = new byte[size];
        file.ReadAt(0, start);
        return start;
    }

    /// <summary>Opens what was sealed, when the file's length and header are those that were written.</summary>
    /// <returns>The bundle, which owns file and sealer from now on.</returns>
    public static IdentityBundle Open(IBlockFile file, SegmentSealer sealer, BundleHeader header, string subject)
    {
        if (file.Length != sealer.FileLength)
        {
            throw new IdentityException(
                IdentityFailure.BundleDamaged, subject, $"it is {file.Length} bytes long and should be {sealer.FileLength}.");
        }

        var plain = new SealedPayload(file, sealer, header);
        (IdentityManifest manifest, long payload) = ManifestCodec.Decode(plain, subject);
        return manifest.BundleId == header.BundleId && manifest.VmId == header.VmId
            ? new IdentityBundle(manifest, new PayloadSlice(plain, payload))
            : throw new IdentityException(IdentityFailure.BundleDamaged, subject, "its header and its manifest are of two bundles.");
    }

    private static byte[] WriteSegments(IBlockFile file, SegmentSealer sealer, byte[] manifest, IBundlePayload payload)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using SecretBuffer plain = sealer.CreateBuffer();
        file.WriteAt(0, sealer.HeaderBytes);
        long position = 0;
        for (long segment = 0; segment < sealer.SegmentCount; segment++)
        {
            int size = sealer.PlainSize(segment);
            int fromManifest = (int)Math.Min(size, Math.Max(0, manifest.Length - position));
            manifest.AsSpan((int)Math.Min(position, manifest.Length), fromManifest).CopyTo(plain.Span);
            payload.Read(Math.Max(0, position - manifest.Length), plain.Span.Slice(fromManifest, size - fromManifest));
            hash.AppendData(plain.Pinned, 0, size);
            file.WriteAt(sealer.OffsetOf(segment), sealer.Seal(segment, plain, size));
            position += size;
        }

        return hash.GetHashAndReset();
    }

    private static void ReadBack(IHostFolder folder, IBlockFile file, SegmentSealer sealer, byte[] written)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using SecretBuffer plain = sealer.CreateBuffer();
        for (long segment = 0; segment < sealer.SegmentCount; segment++)
        {
            var found = new byte[SegmentSealer.SealedSize(sealer.PlainSize(segment))];
            file.ReadAt(sealer.OffsetOf(segment), found);
            sealer.Open(segment, found, plain);
            hash.AppendData(plain.Pinned, 0, sealer.PlainSize(segment));
        }

        if (!hash.GetHashAndReset().SequenceEqual(written))
        {
            throw new IdentityException(IdentityFailure.BundleDamaged, folder.Path, "a bundle read back is not what was written.");
        }
    }
}
