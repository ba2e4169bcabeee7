using System.Security;
using System.Security.Cryptography.X509Certificates;

namespace VmUpdate.Core.Identity;

/// <summary>What an exported identity is sealed under: a passphrase, or a certificate whose private key opens it. Not for use by several threads.</summary>
public abstract class ExportKey : IDisposable
{
    /// <summary>The fewest characters of a passphrase.</summary>
    public const int MinPassphraseLength = 12;

    /// <summary>How often a passphrase is hashed in a new export: PBKDF2 with HMAC-SHA-256. An export says itself how often.</summary>
    public const int PassphraseRounds = 600_000;

    private protected ExportKey()
    {
    }

    /// <summary>Seals under a passphrase, and opens what was sealed under it.</summary>
    /// <param name="passphrase">The passphrase, at least <see cref="MinPassphraseLength"/> characters.</param>
    /// <returns>The key, to be disposed.</returns>
    /// <exception cref="IdentityException"><see cref="IdentityFailure.PassphraseTooShort"/>.</exception>
    public static ExportKey FromPassphrase(SecureString passphrase) => new PassphraseKey(passphrase, PassphraseRounds);

    /// <summary>Seals under a certificate's RSA key. To open, the certificate must come with its private key.</summary>
    /// <param name="certificate">The certificate, which stays the caller's.</param>
    /// <returns>The key.</returns>
    public static ExportKey FromCertificate(X509Certificate2 certificate) => new CertificateKey(certificate);

    /// <summary>Opens what was sealed under a certificate that is in this user's or this computer's personal certificates, with its private key.</summary>
    /// <returns>The key.</returns>
    public static ExportKey FromInstalledCertificate() => new CertificateKey(null);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of what is held.</summary>
    /// <param name="disposing"><see langword="false"/> when called by a finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Makes the key of a new file, and what the file says of it.</summary>
    internal abstract (StoreKey Key, ExportFront Front) Create();

    /// <summary>Finds a file's key by what the file says of it.</summary>
    /// <exception cref="IdentityException"><see cref="IdentityFailure.BundleWrongKey"/>.</exception>
    internal abstract StoreKey Open(ExportFront front, string subject);

    private protected static IdentityException Wrong(string subject, string message, Exception? inner = null) =>
        new(IdentityFailure.BundleWrongKey, subject, message, inner: inner);
}
