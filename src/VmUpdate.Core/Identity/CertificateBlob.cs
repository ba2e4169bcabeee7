using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>
/// A certificate in a store of the registry: the value <c>Blob</c> of a key named by its thumbprint. It is a row of properties, each of
/// id (4), encoding (4), length (4), bytes; the certificate itself is property 32, what names its private key is property 2.
/// </summary>
internal sealed class CertificateBlob : IDisposable
{
    private const int HeaderSize = 12;
    private const uint CertificateProperty = 32;
    private const uint KeyProviderProperty = 2;
    private const int MaxSize = 1 << 18; // certificates are a few KiB; the rest of the properties too
    private const byte DerSequence = 0x30;
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private readonly X509Certificate2 _certificate;

    private CertificateBlob(X509Certificate2 certificate, bool hasKey)
    {
        _certificate = certificate;
        HasKey = hasKey;
    }

    /// <summary>Whether the store names a private key for it.</summary>
    public bool HasKey { get; }

    /// <summary>Who issued it, as a distinguished name.</summary>
    public string Issuer => _certificate.Issuer;

    /// <summary>Whom it is for.</summary>
    public string Subject => _certificate.Subject;

    /// <summary>Reads a certificate's key.</summary>
    /// <param name="key">The key, named by the thumbprint.</param>
    /// <returns>The certificate; <see langword="null"/> when the key holds none that can be read.</returns>
    public static CertificateBlob? Read(RegistryKey key)
    {
        byte[]? blob = key.FindValue("Blob")?.Data;
        if (blob is null || blob.Length > MaxSize)
        {
            return null;
        }

        byte[]? encoded = null;
        bool hasKey = false;
        for (int at = 0; at <= blob.Length - HeaderSize;)
        {
            uint property = BinaryPrimitives.ReadUInt32LittleEndian(blob.AsSpan(at));
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(blob.AsSpan(at + 8));
            at += HeaderSize;
            if (length > (uint)(blob.Length - at))
            {
                return null;
            }

            hasKey |= property == KeyProviderProperty;
            encoded = property == CertificateProperty ? blob.AsSpan(at, (int)length).ToArray() : encoded;
            at += (int)length;
        }

        return encoded is not null && IsCertificate(encoded) && Parse(encoded) is { } certificate ? new CertificateBlob(certificate, hasKey) : null;
    }

    /// <summary>Whether it may be shown to a server at that time to say who the machine is.</summary>
    public bool AuthenticatesClient(DateTime utc)
    {
        if (!HasKey || utc < _certificate.NotBefore.ToUniversalTime() || utc > _certificate.NotAfter.ToUniversalTime())
        {
            return false;
        }

        X509EnhancedKeyUsageExtension? usage = _certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault();
        return usage is null || usage.EnhancedKeyUsages.Cast<Oid>().Any(purpose => purpose.Value == ClientAuthentication);
    }

    public void Dispose() => _certificate.Dispose();

    // The platform's reader takes other containers too, some of which cost much to open. A certificate is a sequence that begins with one.
    private static bool IsCertificate(byte[] encoded)
    {
        const byte longForm = 0x80;
        int first = encoded.Length < 2 ? 0 : encoded[1] < longForm ? 2 : 2 + (encoded[1] & 0x7F);
        return first > 0 && first < encoded.Length && encoded[0] == DerSequence && encoded[first] == DerSequence;
    }

    private static X509Certificate2? Parse(byte[] encoded)
    {
        try
        {
            return new X509Certificate2(encoded);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
