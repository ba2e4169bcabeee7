using System.Security.Cryptography;
using System.Text;

namespace VmUpdate.Core.Identity;

/// <summary>
/// The hash by which a manifest knows a thing: SHA-256, or HMAC-SHA-256 under the bundle's own key for secrets, because a plain
/// hash of a short secret could be guessed from.
/// </summary>
internal sealed class IdentityHash : IDisposable
{
    public const int KeySize = 32;
    private const int ShownDigits = 16;
    private readonly IncrementalHash _hash;

    private IdentityHash(IncrementalHash hash) => _hash = hash;

    public static IdentityHash Plain() => new(IncrementalHash.CreateHash(HashAlgorithmName.SHA256));

    public static IdentityHash Start(ManifestItem item, byte[] key) => item.IsSecret
        ? new IdentityHash(IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key))
        : Plain();

    public IdentityHash Add(byte[] bytes) => Add(bytes, bytes.Length);

    public IdentityHash Add(byte[] bytes, int count)
    {
        _hash.AppendData(bytes, 0, count);
        return this;
    }

    /// <summary>Adds a number; every text and byte row is preceded by its length so, or two rows could change places unseen.</summary>
    public IdentityHash Add(long number)
    {
        byte[] bytes = BitConverter.GetBytes(number);
        return Add(bytes);
    }

    public IdentityHash Add(string text)
    {
        byte[] bytes = Encoding.Unicode.GetBytes(text);
        return Add((long)bytes.Length).Add(bytes);
    }

    /// <summary>The hash in hexadecimal digits. Ends the use of this object.</summary>
    public string Finish()
    {
        byte[] hash = _hash.GetHashAndReset();
        _hash.Dispose();
        return Hex.Of(hash);
    }

    /// <summary>A hash cut short, to compare by eye.</summary>
    public static string Fingerprint(string? hash) => hash is null ? string.Empty : hash.Substring(0, ShownDigits);

    public void Dispose() => _hash.Dispose();
}
