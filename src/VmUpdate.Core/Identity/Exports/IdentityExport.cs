using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>Files of exported identities: portable bundles, sealed under a certificate or a passphrase and in no other way.</summary>
public static class IdentityExport
{
    /// <summary>The ending of such a file's name.</summary>
    public const string Extension = ".vmid";

    /// <summary>Writes a bundle to a new file. When it returns, the file was read back and compared.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="bundle">What <see cref="IdentityTransfer.Take"/> gave; it stays usable.</param>
    /// <param name="key">What it is sealed under.</param>
    /// <exception cref="IdentityException">The certificate cannot be used.</exception>
    /// <exception cref="HostFileException">The file exists, or cannot be written.</exception>
    public static void Write(IHostFolder folder, string name, IdentityBundle bundle, ExportKey key)
    {
        string subject = Path.Combine(folder.Path, name);
        if (folder.Exists(name))
        {
            throw new HostFileException(HostFileFailure.AlreadyExists, subject, "a file of that name is there already, and is not replaced.");
        }

        (StoreKey own, ExportFront front) = key.Create();
        using (own)
        {
            byte[] manifest = ManifestCodec.Encode(bundle.Manifest);
            BundleHeader header = BundleFile.HeaderFor(bundle.Manifest, own.Id, manifest.Length + bundle.Payload.Length);
            using var sealer = new SegmentSealer(header, own, subject, front.ToBytes());
            BundleFile.Create(folder, name, sealer, manifest, bundle.Payload);
        }

        BundleFile.Publish(folder, name);
    }

    /// <summary>Opens a file.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="key">What it was sealed under.</param>
    /// <returns>The bundle, to be disposed.</returns>
    /// <exception cref="IdentityException">It is no exported identity, damaged, newer, or sealed under another key.</exception>
    /// <exception cref="HostFileException">The file cannot be read.</exception>
    public static IdentityBundle Open(IHostFolder folder, string name, ExportKey key)
    {
        string subject = Path.Combine(folder.Path, name);
        IBlockFile file = folder.Open(name, HostFileMode.Read);
        SegmentSealer? sealer = null;
        try
        {
            var front = ExportFront.Read(file, subject);
            byte[] frontBytes = front.ToBytes();
            byte[] start = BundleFile.ReadStart(file, frontBytes.Length + BundleHeader.Size, subject);
            var header = BundleHeader.Read(start.AsSpan(frontBytes.Length).ToArray(), subject);
            using StoreKey own = key.Open(front, subject);
            sealer = new SegmentSealer(header, own, subject, frontBytes);
            if (front.Protection == ExportProtection.Passphrase && !sealer.IsHeader(start))
            {
                // A wrong passphrase looks so; a changed header does, too, and there is no way to tell.
                throw new IdentityException(
                    IdentityFailure.BundleWrongKey, subject, "the passphrase is another one than it was sealed under (or its first bytes were changed).");
            }

            sealer.CheckHeader(start);
            return BundleFile.Open(file, sealer, header, subject);
        }
        catch (VmUpdateException)
        {
            sealer?.Dispose();
            file.Dispose();
            throw;
        }
    }
}
