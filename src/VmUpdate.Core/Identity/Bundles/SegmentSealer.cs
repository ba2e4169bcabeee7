using System.Buffers.Binary;
using System.Security.Cryptography;
using VmUpdate.Core.Identity.Secrets;

namespace VmUpdate.Core.Identity;

/// <summary>
/// Seals and opens the segments of one bundle: AES-256-CBC under a fresh start value, then HMAC-SHA-256 over header, segment number,
/// start value and sealed bytes. The code is checked before a byte is opened. Both algorithms exist on every framework.
/// </summary>
internal sealed class SegmentSealer : IDisposable
{
    private const int BlockSize = 16;
    private const int CodeSize = 32;
    private readonly SecretBuffer _cipherKey;
    private readonly SecretBuffer _codeKey;
    private readonly byte[] _header;
    private readonly string _subject;
    private readonly BundleHeader _fields;

    /// <param name="header">The bundle's header.</param>
    /// <param name="key">What the bundle's own keys are derived from.</param>
    /// <param name="subject">What messages call the bundle.</param>
    /// <param name="front">What stands before the header in the file and is covered with it; empty in a store.</param>
    public SegmentSealer(BundleHeader header, StoreKey key, string subject, byte[]? front = null)
    {
        _fields = header;
        _subject = subject;
        _cipherKey = SecretBuffer.Take(key.Derive("VmUpdate identity bundle 1: cipher", header.Salt));
        _codeKey = SecretBuffer.Take(key.Derive("VmUpdate identity bundle 1: code", header.Salt));
        _header = header.ToBytes(_codeKey.Pinned, front ?? []);
    }

    public byte[] HeaderBytes => _header;

    public long SegmentCount => (_fields.PlainLength + _fields.SegmentSize - 1) / _fields.SegmentSize;

    /// <summary>The length of the whole file.</summary>
    public long FileLength => OffsetOf(SegmentCount - 1) + SealedSize(PlainSize(SegmentCount - 1));

    public long OffsetOf(long segment) => _header.Length + (segment * SealedSize(_fields.SegmentSize));

    public int PlainSize(long segment) => (int)Math.Min(_fields.SegmentSize, _fields.PlainLength - (segment * _fields.SegmentSize));

    // CBC with PKCS #7 always adds between one byte and a block.
    public static int SealedSize(int plain) => BlockSize + PaddedSize(plain) + CodeSize;

    /// <summary>Whether a header is what was sealed.</summary>
    public bool IsHeader(byte[] found) => SecretBuffer.AreEqual(found, _header);

    /// <exception cref="IdentityException">The header is not what was sealed: damaged, or sealed with another key.</exception>
    public void CheckHeader(byte[] found)
    {
        if (!IsHeader(found))
        {
            throw Damaged("its header was changed.");
        }
    }

    /// <param name="segment">The segment's number.</param>
    /// <param name="plain">Its bytes, and room for a block more: the padding is put there.</param>
    /// <param name="count">How many of them are its own.</param>
    public byte[] Seal(long segment, SecretBuffer plain, int count)
    {
        int padded = PaddedSize(count);
        plain.Span.Slice(count, padded - count).Fill((byte)(padded - count));
        byte[] start = StoreKey.Random(BlockSize);
        var result = new byte[SealedSize(count)];
        start.CopyTo(result, 0);
        using Aes aes = CreateAes();
        using ICryptoTransform encryptor = aes.CreateEncryptor(_cipherKey.Pinned, start);
        encryptor.TransformBlock(plain.Pinned, 0, padded, result, BlockSize);
        CodeOf(segment, result, result.Length - CodeSize).CopyTo(result, result.Length - CodeSize);
        return result;
    }

    /// <param name="segment">The segment's number.</param>
    /// <param name="found">Its bytes in the file.</param>
    /// <param name="plain">Filled with what was sealed, and the padding.</param>
    /// <exception cref="IdentityException">The segment is not what was sealed.</exception>
    public void Open(long segment, byte[] found, SecretBuffer plain)
    {
        int sealedEnd = found.Length - CodeSize;
        if (!SecretBuffer.AreEqual(CodeOf(segment, found, sealedEnd), found.AsSpan(sealedEnd)))
        {
            throw Damaged($"segment {segment} of {SegmentCount} was changed.");
        }

        // Its code fits, so the padding is what was written: nothing need be looked at, and nothing is told by it.
        using Aes aes = CreateAes();
        using ICryptoTransform decryptor = aes.CreateDecryptor(_cipherKey.Pinned, found.AsSpan(0, BlockSize).ToArray());
        decryptor.TransformBlock(found, BlockSize, sealedEnd - BlockSize, plain.Pinned, 0);
    }

    /// <summary>A buffer for any segment, in the form that <see cref="Seal"/> and <see cref="Open"/> want.</summary>
    public SecretBuffer CreateBuffer() => new(PaddedSize(PlainSize(0)));

    public void Dispose()
    {
        _cipherKey.Dispose();
        _codeKey.Dispose();
    }

    private static int PaddedSize(int plain) => ((plain / BlockSize) + 1) * BlockSize;

    // Padding is written by hand: so whole blocks go straight between the file's bytes and a pinned buffer.
    private static Aes CreateAes()
    {
        var aes = Aes.Create();
        aes.Mode = CipherMode.CBC;
        aes.Padding = PaddingMode.None;
        return aes;
    }

    private byte[] CodeOf(long segment, byte[] bytes, int count)
    {
        var number = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, segment);
        using IncrementalHash hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _codeKey.Pinned);
        hmac.AppendData(_header);
        hmac.AppendData(number);
        hmac.AppendData(bytes, 0, count);
        return hmac.GetHashAndReset();
    }

    private IdentityException Damaged(string message) => new(IdentityFailure.BundleDamaged, _subject, message);
}
