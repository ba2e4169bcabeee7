using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using VmUpdate.Core.Identity.Secrets;

namespace VmUpdate.Core.Identity;

/// <summary>
/// Seals a key of chance under a certificate's RSA key, with OAEP in the form (SHA-1) that every provider of private keys knows, smart
/// cards and the older ones of Windows included; nothing of OAEP rests on that hash being free of collisions.
/// </summary>
internal sealed class CertificateKey : ExportKey
{
    private const int MinKeyBits = 2048;
    private readonly X509Certificate2? _certificate;

    /// <param name="certificate">The certificate; <see langword="null"/>: the one that a file names is looked for on this computer.</param>
    public CertificateKey(X509Certificate2? certificate) => _certificate = certificate;

    internal override (StoreKey Key, ExportFront Front) Create()
    {
        X509Certificate2 certificate = _certificate ?? throw new InvalidOperationException("Nothing is sealed under a certificate that is not named.");
        using RSA? rsa = certificate.GetRSAPublicKey();
        if (rsa is null || rsa.KeySize < MinKeyBits)
        {
            throw Unusable(certificate, $"it has no RSA key of at least {MinKeyBits} bits");
        }

        X509KeyUsageExtension? usage = certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault();
        if (usage is not null && (usage.KeyUsages & (X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.DataEncipherment)) == 0)
        {
            throw Unusable(certificate, $"its key is for {usage.KeyUsages}, not for encryption");
        }

        byte[] key = StoreKey.Random(StoreKey.Size);
        byte[] wrapped = rsa.Encrypt(key, RSAEncryptionPadding.OaepSHA1);
        var front = new ExportFront { Protection = ExportProtection.Certificate, Thumbprint = certificate.GetCertHash(), WrappedKey = wrapped };
        return (new StoreKey(Guid.Empty, key), front);
    }

    internal override StoreKey Open(ExportFront front, string subject)
    {
        if (front.Protection != ExportProtection.Certificate)
        {
            throw Wrong(subject, "it was sealed under a passphrase, not under a certificate.");
        }

        string thumbprint = Hex.Of(front.Thumbprint).ToUpperInvariant();
        X509Certificate2 certificate = _certificate ?? FindInstalled(thumbprint)
            ?? throw Wrong(subject, $"it was sealed under the certificate {thumbprint}, which is not installed here with its private key.");
        if (!certificate.GetCertHash().SequenceEqual(front.Thumbprint))
        {
            throw Wrong(subject, $"it was sealed under the certificate {thumbprint}, not under {certificate.Thumbprint}.");
        }

        try
        {
            using RSA rsa = certificate.GetRSAPrivateKey() ?? throw Wrong(subject, $"the certificate {thumbprint} came without its private key.");
            using SecretBuffer key = SecretBuffer.Take(rsa.Decrypt(front.WrappedKey, RSAEncryptionPadding.OaepSHA1));
            return key.Length == StoreKey.Size
                ? new StoreKey(Guid.Empty, key.Span.ToArray())
                : throw new IdentityException(IdentityFailure.BundleDamaged, subject, "the key in it has a wrong length.");
        }
        catch (CryptographicException failure)
        {
            throw Wrong(subject, $"the private key of the certificate {thumbprint} does not open it: {failure.Message}", failure);
        }
    }

    private static X509Certificate2? FindInstalled(string thumbprint)
    {
        foreach (StoreLocation location in new[] { StoreLocation.CurrentUser, StoreLocation.LocalMachine })
        {
            try
            {
                using var store = new X509Store(StoreName.My, location);
                store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
                foreach (X509Certificate2 found in store.Certificates.Find(X509FindType.FindByThumbprint, thumbprint, validOnly: false))
                {
                    if (found.HasPrivateKey)
                    {
                        return found;
                    }
                }
            }
            catch (CryptographicException)
            {
                // There is no such store, or it may not be read: as if it held nothing.
            }
        }

        return null;
    }

    private static IdentityException Unusable(X509Certificate2 certificate, string why) => new(
        IdentityFailure.CertificateUnusable,
        $"certificate {certificate.Thumbprint} ({certificate.Subject})",
        $"{why}, so nothing can be sealed under it. Name one made for document encryption.");
}
