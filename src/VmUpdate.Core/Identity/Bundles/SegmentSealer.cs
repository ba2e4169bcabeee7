using System.Buffers.Binary;
using System.Security.Cryptography;

namespace VmUpdate.Core.Identity;

/// <summary>
/// Seals and opens the segments of one bundle: AES-256-CBC under a fresh start value, then HMAC-SHA-256 over header, segment number,
/// start value and sealed bytes. The code is checked before a byte is opened. Both algorithms exist on every framework.
/// </summary>
internal sealed class SegmentSealer : IDisposable
{
    private const int BlockSize = 16;
    private const int CodeSize = 32;
    private readonly byte[] _cipherKey;
    private readonly byte[] _codeKey;
    private readonly byte[] _header;
    private readonly string _subject;
    private readonly BundleHeader _fields;

    public SegmentSealer(BundleHeader header, StoreKey key, string subject)
    {
        _fields = header;
        _subject = subject;
        _cipherKey = key.Derive("VmUpdate identity bundle 1: cipher", header.Salt);
        _codeKey = key.Derive("VmUpdate identity bundle 1: code", header.Salt);
        _header = header.ToBytes(_codeKey);
    }

    public byte[] HeaderBytes => _header;

    public long SegmentCount => (_fields.PlainLength + _fields.SegmentSize - 1) / _fields.SegmentSize;

    /// <summary>The length of the whole file.</summary>
    public long FileLength => OffsetOf(SegmentCount - 1) + SealedSize(PlainSize(SegmentCount - 1));

    public long OffsetOf(long segment) => BundleHeader.Size + (segment * SealedSize(_fields.SegmentSize));

    public int PlainSize(long segment) => (int)Math.Min(_fields.SegmentSize, _fields.PlainLength - (segment * _fields.SegmentSize));

    // CBC with PKCS #7 always adds between one byte and a block.
    public static int SealedSize(int plain) => BlockSize + (((plain / BlockSize) + 1) * BlockSize) + CodeSize;

    /// <exception cref="IdentityException">The header is not what was sealed: damaged, or sealed with another key.</exception>
    public void CheckHeader(byte[] found)
    {
        if (!AreEqual(found, 0, _header, 0, BundleHeader.Size))
        {
            throw Damaged("its header was changed.");
        }
    }

    public byte[] Seal(long segment, byte[] plain, int count)
    {
        byte[] start = StoreKey.Random(BlockSize);
        using Aes aes = CreateAes();
        using ICryptoTransform encryptor = aes.CreateEncryptor(_cipherKey, start);
        byte[] cipher = encryptor.TransformFinalBlock(plain, 0, count);
        var result = new byte[SealedSize(count)];
        start.CopyTo(result, 0);
        cipher.CopyTo(result, BlockSize);
        CodeOf(segment, result, result.Length - CodeSize).CopyTo(result, result.Length - CodeSize);
        return result;
    }

    /// <exception cref="IdentityException">The segment is not what was sealed.</exception>
    public byte[] Open(long segment, byte[] found)
    {
        int sealedEnd = found.Length - CodeSize;
        if (!AreEqual(CodeOf(segment, found, sealedEnd), 0, found, sealedEnd, CodeSize))
        {
            throw Damaged($"segment {segment} of {SegmentCount} was changed.");
        }

        using Aes aes = CreateAes();
        using ICryptoTransform decryptor = aes.CreateDecryptor(_cipherKey, found.AsSpan(0, BlockSize).ToArray());
        return decryptor.TransformFinalBlock(found, BlockSize, sealedEnd - BlockSize);
    }

    public void Dispose()
    {
        Array.Clear(_cipherKey, 0, _cipherKey.Length);
        Array.Clear(_codeKey, 0, _codeKey.Length);
    }

    private static Aes CreateAes()
    {
        var aes = Aes.Create();
        aes.Mode = CipherMode.CBC;
        aes.Padding = PaddingMode.PKCS7;
        return aes;
    }

    // Takes the same time wherever the first difference is.
    private static bool AreEqual(byte[] a, int aOffset, byte[] b, int bOffset, int count)
    {
        int difference = 0;
        for (int i = 0; i < count; i++)
        {
            difference |= a[aOffset + i] ^ b[bOffset + i];
        }

        return difference == 0;
    }

    private byte[] CodeOf(long segment, byte[] bytes, int count)
    {
        var number = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, segment);
        using IncrementalHash hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _codeKey);
        hmac.AppendData(_header);
        hmac.AppendData(number);
        hmac.AppendData(bytes, 0, count);
        return hmac.GetHashAndReset();
    }

    private IdentityException Damaged(string message) => new(IdentityFailure.BundleDamaged, _subject, message);
}
