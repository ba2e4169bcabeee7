using System.Runtime.InteropServices;
using System.Security;
using VmUpdate.Core.Identity.Secrets;

namespace VmUpdate.Core.Identity;

/// <summary>Seals under what PBKDF2 makes of a passphrase and a salt of the file's own.</summary>
internal sealed class PassphraseKey : ExportKey
{
    private readonly SecretBuffer _passphrase;
    private readonly int _rounds;

    public PassphraseKey(SecureString passphrase, int rounds)
    {
        if (passphrase.Length < MinPassphraseLength)
        {
            throw new IdentityException(
                IdentityFailure.PassphraseTooShort,
                string.Empty,
                $"The passphrase has {passphrase.Length} characters, and an export is sealed under one of at least {MinPassphraseLength}.");
        }

        _rounds = rounds;
        _passphrase = new SecretBuffer(passphrase.Length * sizeof(char));
        IntPtr text = Marshal.SecureStringToGlobalAllocUnicode(passphrase);
        try
        {
            Marshal.Copy(text, _passphrase.Pinned, 0, _passphrase.Length);
        }
        finally
        {
            Marshal.ZeroFreeGlobalAllocUnicode(text);
        }
    }

    internal override (StoreKey Key, ExportFront Front) Create()
    {
        var front = new ExportFront
        {
            Protection = ExportProtection.Passphrase,
            Rounds = _rounds,
            Salt = StoreKey.Random(ExportFront.SaltSize),
        };
        return (Derive(front), front);
    }

    internal override StoreKey Open(ExportFront front, string subject) => front.Protection == ExportProtection.Passphrase
        ? Derive(front)
        : throw Wrong(subject, "it was sealed under a certificate, not under a passphrase.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _passphrase.Dispose();
        }

        base.Dispose(disposing);
    }

    private StoreKey Derive(ExportFront front)
    {
        using SecretBuffer key = Pbkdf2.Derive(_passphrase, front.Salt, front.Rounds);
        return new StoreKey(Guid.Empty, key.Span.ToArray());
    }
}
