using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>The file of one key of an identity store.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0  8  Magic      "VMUPDKEY"
///  8  4  Version    2; 1 has no number
/// 12  4  Kind       how the key is protected
/// 16 16  Id         the key's id
/// 32  4  Length     of the protected key
/// 36  4  Number     which key of this store it is; new bundles go under the greatest. Version 1: absent, counts as 0
/// 40  n  Key        protected
/// </code>
/// </remarks>
internal sealed record StoreKeyFile(Guid Id, int Number, int Kind, byte[] Blob)
{
    private const int Version = 2;
    private const int FirstHeaderSize = 36;
    private const int HeaderSize = 40;
    private const int MaxBlobSize = 64 * 1024; // DPAPI adds a few hundred bytes
    private static readonly byte[] Magic = "VMUPDKEY"u8.ToArray();

    /// <exception cref="IdentityException"><see cref="IdentityFailure.KeyProtectionFailed"/>: it is no key's file, or of a newer version.</exception>
    public static StoreKeyFile Read(IHostFolder folder, string name)
    {
        using IBlockFile file = folder.Open(name, HostFileMode.Read);
        if (file.Length is < FirstHeaderSize or > HeaderSize + MaxBlobSize)
        {
            throw Unusable(folder, name, "it has not the length of a key's file.");
        }

        var bytes = new byte[file.Length];
        file.ReadAt(0, bytes);
        int version = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
        int headerSize = version == 1 ? FirstHeaderSize : HeaderSize;
        if (!bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic) || version is < 1 or > Version
            || BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(32)) != bytes.Length - headerSize)
        {
            throw Unusable(folder, name, "it is not the file of a key, or of another version.");
        }

        return new StoreKeyFile(
            new Guid(bytes.AsSpan(16, 16).ToArray()),
            version == 1 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(FirstHeaderSize)),
            BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12)),
            bytes.AsSpan(headerSize).ToArray());
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderSize + Blob.Length];
        Magic.CopyTo(bytes, 0);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Kind);
        Id.ToByteArray().CopyTo(bytes, 16);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(32), Blob.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(FirstHeaderSize), Number);
        Blob.CopyTo(bytes, HeaderSize);
        return bytes;
    }

    public static IdentityException Unusable(IHostFolder folder, string name, string message) =>
        new(IdentityFailure.KeyProtectionFailed, folder.Path, message, name);
}
