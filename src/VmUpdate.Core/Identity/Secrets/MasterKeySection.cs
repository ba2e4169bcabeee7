using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>A sealed key in a master key file: the master key itself, or the backup key beside it.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0    4  Version        2
///  4   16  Salt           of the derivation
/// 20    4  Rounds         of the derivation
/// 24    4  HashAlgorithm
/// 28    4  Cipher
/// 32    n  Ciphertext     chained blocks; key and vector are derived
/// </code>
/// The plain text is the check's own salt (16), the check, zeros to a whole block, and the key.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct MasterKeySection
{
    private const int HeaderSize = 32;
    private const int SaltOffset = 4;
    private const int SaltSize = 16;
    private const int RoundsOffset = 20;
    private const int HashOffset = 24;
    private const int CipherOffset = 28;
    private const uint SupportedVersion = 2;
    private const int MaxKeySize = 64;

    // Windows writes 4,000 to 24,000. A hostile file must not keep us busy for hours.
    private const uint MaxRounds = 200_000;

    private readonly byte[] _section;
    private readonly DpapiAlgorithms _algorithms;
    private readonly int _keyOffset;

    private MasterKeySection(byte[] section, DpapiAlgorithms algorithms, int keyOffset)
    {
        _section = section;
        _algorithms = algorithms;
        _keyOffset = keyOffset;
    }

    /// <summary>Looks at a section without opening it.</summary>
    /// <param name="section">Its bytes.</param>
    /// <param name="subject">What messages call the disk.</param>
    /// <param name="place">The file, and which section.</param>
    /// <returns>The section.</returns>
    /// <exception cref="IdentityException">It is of another form, or cut off.</exception>
    public static MasterKeySection Read(byte[] section, string subject, string place)
    {
        if (section.Length < HeaderSize)
        {
            throw Fail($"it has {section.Length} bytes, and its header alone has {HeaderSize}");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(section);
        uint rounds = BinaryPrimitives.ReadUInt32LittleEndian(section.AsSpan(RoundsOffset));
        uint hash = BinaryPrimitives.ReadUInt32LittleEndian(section.AsSpan(HashOffset));
        uint cipher = BinaryPrimitives.ReadUInt32LittleEndian(section.AsSpan(CipherOffset));
        if (version != SupportedVersion || DpapiAlgorithms.Find(hash, cipher) is not { } algorithms)
        {
            throw new IdentityException(
                IdentityFailure.SecretFormUnsupported,
                subject,
                $"version {version}, hash 0x{hash:X4}, cipher 0x{cipher:X4} is not known; version {SupportedVersion} with SHA-512 and AES-256, "
                    + "or with SHA-1 and 3DES, is.",
                place);
        }

        if (rounds is 0 or > MaxRounds)
        {
            throw Fail($"{rounds} rounds of derivation are outside 1 to {MaxRounds}");
        }

        int length = section.Length - HeaderSize;
        int check = SaltSize + algorithms.HashSize;
        int keyOffset = (check + algorithms.BlockSize - 1) / algorithms.BlockSize * algorithms.BlockSize;
        return length <= keyOffset || length > keyOffset + MaxKeySize || length % algorithms.BlockSize != 0
            ? throw Fail($"{length} sealed bytes cannot hold a check of {check} bytes and a key of at most {MaxKeySize}")
            : new MasterKeySection(section, algorithms, keyOffset);

        IdentityException Fail(string what) => new(
            IdentityFailure.MasterKeyUnreadable, subject, $"{what}: it is no key that DPAPI wrote, or it is damaged.", place);
    }

    /// <summary>Opens the section.</summary>
    /// <param name="secret">The half of DPAPI_SYSTEM it may be under.</param>
    /// <returns>The key; <see langword="null"/> when it is not under that half.</returns>
    public SecretBuffer? Open(SecretBuffer secret)
    {
        byte[] ciphertext = _section.AsSpan(HeaderSize).ToArray();
        using var plain = new SecretBuffer(ciphertext.Length);
        if (!Transform(secret, _section, encrypt: false, ciphertext, plain.Pinned))
        {
            return null;
        }

        Span<byte> key = plain.Span.Slice(_keyOffset);
        using var check = new SecretBuffer(_algorithms.HashSize);
        Check(secret, plain.Span.Slice(0, SaltSize), key, check.Span);
        return SecretBuffer.AreEqual(check.Span, plain.Span.Slice(SaltSize, check.Length)) ? SecretBuffer.CopyOf(key) : null;
    }

    /// <summary>Seals a key in this section's form: its algorithms and rounds, fresh salts.</summary>
    /// <param name="key">The key, as long as the section's own.</param>
    /// <param name="secret">The half of DPAPI_SYSTEM it goes under.</param>
    /// <param name="salt">Where salts come from.</param>
    /// <returns>The new section, as long as this one.</returns>
    public byte[] SealAgain(SecretBuffer key, SecretBuffer secret, SaltSource salt)
    {
        byte[] section = new byte[_section.Length];
        byte[] ciphertext = new byte[section.Length - HeaderSize];
        using var plain = new SecretBuffer(ciphertext.Length);
        do
        {
            _section.AsSpan(0, HeaderSize).CopyTo(section);
            salt(section.AsSpan(SaltOffset, SaltSize));
            salt(plain.Span.Slice(0, SaltSize));
            key.Span.CopyTo(plain.Span.Slice(_keyOffset));
            Check(secret, plain.Span.Slice(0, SaltSize), key.Span, plain.Span.Slice(SaltSize, _algorithms.HashSize));
        }
        while (!Transform(secret, section, encrypt: true, plain.Pinned, ciphertext)); // another salt when the cipher finds the key weak

        ciphertext.CopyTo(section, HeaderSize);
        return section;
    }

    private bool Transform(SecretBuffer secret, byte[] header, bool encrypt, byte[] input, byte[] output)
    {
        using SecretBuffer derived = Derive(secret, header);
        using SecretBuffer cipherKey = SecretBuffer.CopyOf(derived.Span.Slice(0, _algorithms.KeySize));
        using SecretBuffer vector = SecretBuffer.CopyOf(derived.Span.Slice(_algorithms.KeySize));
        using SymmetricAlgorithm cipher = _algorithms.CreateCipher();
        return SecretCipher.Chained(cipher, cipherKey.Pinned, vector.Pinned, encrypt, input, output);
    }

    /// <summary>Cipher key and vector: PBKDF2, but each round hashes what the rounds before add up to, not the round before alone.</summary>
    private SecretBuffer Derive(SecretBuffer secret, byte[] header)
    {
        uint rounds = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(RoundsOffset));
        var derived = new SecretBuffer(_algorithms.KeySize + _algorithms.BlockSize);
        using var sum = new SecretBuffer(_algorithms.HashSize);
        using var round = new SecretBuffer(_algorithms.HashSize);
        using IncrementalHash mac = _algorithms.CreateMac(secret);
        byte[] number = new byte[sizeof(uint)];
        for (int filled = 0, block = 1; filled < derived.Length; filled += sum.Length, block++)
        {
            BinaryPrimitives.WriteInt32BigEndian(number, block);
            mac.AppendData(header, SaltOffset, SaltSize);
            mac.AppendData(number);
            DpapiAlgorithms.Finish(mac, sum.Span);
            for (uint index = 1; index < rounds; index++)
            {
                mac.AppendData(sum.Pinned);
                DpapiAlgorithms.Finish(mac, round.Span);
                AddInto(sum.Span, round.Span);
            }

            sum.Span.Slice(0, Math.Min(sum.Length, derived.Length - filled)).CopyTo(derived.Span.Slice(filled));
        }

        return derived;
    }

    private static void AddInto(Span<byte> sum, Span<byte> round)
    {
        for (int index = 0; index < sum.Length; index++)
        {
            sum[index] ^= round[index];
        }
    }

    private void Check(SecretBuffer secret, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> key, Span<byte> check)
    {
        using var checkKey = new SecretBuffer(_algorithms.HashSize);
        using (IncrementalHash outer = _algorithms.CreateMac(secret))
        {
            outer.AppendData(salt.ToArray());
            DpapiAlgorithms.Finish(outer, checkKey.Span);
        }

        using SecretBuffer copy = SecretBuffer.CopyOf(key);
        using IncrementalHash inner = _algorithms.CreateMac(checkKey);
        inner.AppendData(copy.Pinned);
        DpapiAlgorithms.Finish(inner, check);
    }
}
