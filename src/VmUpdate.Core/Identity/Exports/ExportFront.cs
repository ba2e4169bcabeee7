using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>How the key of an exported identity is found: what stands before the bundle's own header, and is covered by its codes.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0   8  Magic       "VMUPDEXP"
///  8   4  Version     1
/// 12   4  Protection  1: passphrase, 2: certificate
/// 16   4  Rounds      of PBKDF2-HMAC-SHA-256 over the passphrase in UTF-16; 0 for a certificate
/// 20  32  Salt        of PBKDF2; zeros for a certificate
/// 52  20  Thumbprint  the certificate's; zeros for a passphrase
/// 72   4  Length      of what follows
/// 76   n  WrappedKey  the key under the certificate's RSA key, OAEP; none for a passphrase
/// </code>
/// </remarks>
internal sealed class ExportFront
{
    public const int SaltSize = 32;
    public const int ThumbprintSize = 20;
    public const int MaxRounds = 20_000_000; // a file that wants more wants to keep the reader busy
    private const int CurrentVersion = 1;
    private const int FixedSize = 76;
    private const int MaxWrappedSize = 2048; // an RSA key of 16384 bits
    private static readonly byte[] Magic = "VMUPDEXP"u8.ToArray();
    private static readonly byte[] StoreMagic = "VMUPDIDB"u8.ToArray();

    public ExportProtection Protection { get; init; }

    public int Rounds { get; init; }

    public byte[] Salt { get; init; } = new byte[SaltSize];

    public byte[] Thumbprint { get; init; } = new byte[ThumbprintSize];

    public byte[] WrappedKey { get; init; } = [];

    /// <exception cref="IdentityException">The file is no exported identity, or of a newer version.</exception>
    public static ExportFront Read(IBlockFile file, string subject)
    {
        byte[] start = BundleFile.ReadStart(file, FixedSize, subject);
        if (start.AsSpan(0, StoreMagic.Length).SequenceEqual(StoreMagic))
        {
            throw new IdentityException(
                IdentityFailure.BundleWrongKey, subject, "it is a bundle of an identity store, which only that store opens; export it there.");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(8));
        int wrapped = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(72));
        var protection = (ExportProtection)BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(12));
        int rounds = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(16));
        if (!start.AsSpan(0, Magic.Length).SequenceEqual(Magic))
        {
            throw new IdentityException(IdentityFailure.BundleDamaged, subject, "it does not begin as an exported identity does.");
        }

        if (version > CurrentVersion)
        {
            throw new IdentityException(
                IdentityFailure.BundleNewerVersion,
                subject,
                $"it was written by a newer version of VmUpdate (export version {version}; this one knows {CurrentVersion}).");
        }

        bool isSound = version == CurrentVersion && wrapped is >= 0 and <= MaxWrappedSize && wrapped <= file.Length - FixedSize
            && protection switch
            {
                ExportProtection.Passphrase => wrapped == 0 && rounds is > 0 and <= MaxRounds,
                ExportProtection.Certificate => wrapped > 0 && rounds == 0,
                _ => false,
            };
        if (!isSound)
        {
            throw new IdentityException(IdentityFailure.BundleDamaged, subject, "its first bytes are not sound.");
        }

        byte[] whole = BundleFile.ReadStart(file, FixedSize + wrapped, subject);
        return new ExportFront
        {
            Protection = protection,
            Rounds = rounds,
            Salt = whole.AsSpan(20, SaltSize).ToArray(),
            Thumbprint = whole.AsSpan(52, ThumbprintSize).ToArray(),
            WrappedKey = whole.AsSpan(FixedSize).ToArray(),
        };
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[FixedSize + WrappedKey.Length];
        Magic.CopyTo(bytes, 0);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), CurrentVersion);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), (int)Protection);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), Rounds);
        Salt.CopyTo(bytes, 20);
        Thumbprint.CopyTo(bytes, 52);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(72), WrappedKey.Length);
        WrappedKey.CopyTo(bytes, FixedSize);
        return bytes;
    }
}
