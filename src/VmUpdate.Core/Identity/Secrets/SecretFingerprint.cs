using System.Security.Cryptography;
using System.Text;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>
/// Tells secrets apart without showing them: equal secrets have equal fingerprints within one scan. The key is made for the scan and
/// thrown away, so that nobody can try passwords against a report.
/// </summary>
internal sealed class SecretFingerprint : IDisposable
{
    private const int KeySize = 32;
    private const int ShownBytes = 8;
    private readonly SecretBuffer _key = new(KeySize);

    public SecretFingerprint(SaltSource salt) => salt(_key.Span);

    /// <summary>The fingerprint: 16 hexadecimal digits.</summary>
    public string Of(SecretBuffer secret)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key.Pinned);
        hmac.AppendData(secret.Pinned);
        var digits = new StringBuilder();
        foreach (byte value in hmac.GetHashAndReset().AsSpan(0, ShownBytes))
        {
            digits.Append(value.ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return digits.ToString();
    }

    public void Dispose() => _key.Dispose();
}
