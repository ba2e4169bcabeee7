using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>A sealed LSA secret, in the form of Windows Vista and later.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0    4  Version        00 00 00 01
///  4   16  KeyId          which key of Policy\PolEKList it is under
/// 20    4  Algorithm      3: AES-256
/// 24    4  Flags          kept as found
/// 28   32  Salt           the AES key is SHA-256 of the LSA key and a thousand times the salt
/// 60    n  Ciphertext     whole blocks of 16, each under a zero vector
/// </code>
/// The plain text is a length (4), 12 bytes that are zero, the secret, and zeros up to a whole block.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct LsaSecretRecord
{
    /// <summary>Where the ciphertext starts.</summary>
    public const int HeaderSize = 60;

    /// <summary>The longest secret: its length in an LSA_UNICODE_STRING has 16 bits ([MS-LSAD] 2.2.3.5).</summary>
    public const int MaxSecretLength = ushort.MaxValue;

    private const uint SupportedVersion = 0x01000000;
    private const uint Aes256 = 3;
    private const int KeyIdOffset = 4;
    private const int AlgorithmOffset = 20;
    private const int FlagsOffset = 24;
    private const int SaltOffset = 28;
    private const int SaltSize = 32;
    private const int SaltRounds = 1000;
    private const int BlockSize = 16;
    private const int PlainHeaderSize = 16;

    private readonly byte[] _record;

    private LsaSecretRecord(byte[] record) => _record = record;

    /// <summary>Which key it is under.</summary>
    public Guid KeyId => MemoryMarshal.Read<Guid>(_record.AsSpan(KeyIdOffset, BlockSize));

    /// <summary>Looks at a record without opening it.</summary>
    /// <param name="record">Its bytes.</param>
    /// <param name="subject">What messages call the disk.</param>
    /// <param name="place">Where in the SECURITY hive it lies.</param>
    /// <returns>The record.</returns>
    /// <exception cref="IdentityException">It is of another form, or cut off.</exception>
    public static LsaSecretRecord Read(byte[] record, string subject, string place)
    {
        int length = record.Length - HeaderSize;
        if (length < BlockSize || length % BlockSize != 0 || length > PlainHeaderSize + MaxSecretLength + BlockSize)
        {
            throw new IdentityException(
                IdentityFailure.SecretFormUnsupported,
                subject,
                $"a sealed secret of {record.Length} bytes is not of the AES form of Windows Vista and later "
                    + $"({HeaderSize} bytes and then whole blocks of {BlockSize}).",
                place);
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(record);
        uint algorithm = BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(AlgorithmOffset));
        return version == SupportedVersion && algorithm == Aes256
            ? new LsaSecretRecord(record)
            : throw new IdentityException(
                IdentityFailure.SecretFormUnsupported,
                subject,
                $"a sealed secret is of version 0x{version:X8}, algorithm {algorithm}; only 0x{SupportedVersion:X8}, algorithm {Aes256} "
                    + "(AES-256) is known.",
                place);
    }

    /// <summary>Seals a secret in this record's form: its version, algorithm and flags, another key, a fresh salt.</summary>
    /// <param name="secret">The secret.</param>
    /// <param name="key">The key it goes under.</param>
    /// <param name="keyId">That key's id.</param>
    /// <param name="salt">Where the salt comes from.</param>
    /// <returns>The new record.</returns>
    public byte[] SealAgain(SecretBuffer secret, SecretBuffer key, Guid keyId, SaltSource salt)
    {
        if (secret.Length > MaxSecretLength)
        {
            throw new ArgumentException($"A secret has at most {MaxSecretLength} bytes.", nameof(secret));
        }

        int plainLength = (PlainHeaderSize + secret.Length + BlockSize - 1) / BlockSize * BlockSize;
        byte[] record = new byte[HeaderSize + plainLength];
        _record.AsSpan(0, SaltOffset).CopyTo(record);
        keyId.ToByteArray().CopyTo(record, KeyIdOffset);
        salt(record.AsSpan(SaltOffset, SaltSize));

        using var plain = new SecretBuffer(plainLength);
        BinaryPrimitives.WriteInt32LittleEndian(plain.Span, secret.Length);
        secret.Span.CopyTo(plain.Span.Slice(PlainHeaderSize));
        using SecretBuffer sealing = DeriveKey(key, record.AsSpan(SaltOffset, SaltSize));
        byte[] sealedBytes = new byte[plainLength];
        SecretCipher.AesBlocks(sealing, encrypt: true, plain.Pinned, 0, plainLength, sealedBytes);
        sealedBytes.CopyTo(record, HeaderSize);
        return record;
    }

    /// <summary>Opens the record.</summary>
    /// <param name="key">The key it is under.</param>
    /// <returns>The secret; <see langword="null"/> when the key does not fit. The form has no checksum: a wrong key is told by the length.</returns>
    public SecretBuffer? Open(SecretBuffer key)
    {
        using SecretBuffer opening = DeriveKey(key, _record.AsSpan(SaltOffset, SaltSize));
        using var plain = new SecretBuffer(_record.Length - HeaderSize);
        SecretCipher.AesBlocks(opening, encrypt: false, _record, HeaderSize, plain.Length, plain.Pinned);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(plain.Span);
        return length > plain.Length - PlainHeaderSize
            ? null
            : SecretBuffer.CopyOf(plain.Span.Slice(PlainHeaderSize, (int)length));
    }

    private static SecretBuffer DeriveKey(SecretBuffer key, ReadOnlySpan<byte> salt)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(key.Pinned);
        byte[] once = salt.ToArray();
        for (int round = 0; round < SaltRounds; round++)
        {
            hash.AppendData(once);
        }

        return SecretBuffer.Take(hash.GetHashAndReset());
    }
}
