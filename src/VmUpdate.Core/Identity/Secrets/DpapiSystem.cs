using System.Buffers.Binary;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>Which half of DPAPI_SYSTEM a master key is sealed under.</summary>
internal enum DpapiSystemPart
{
    /// <summary>That of the machine: <c>Protect\S-1-5-18</c>.</summary>
    Machine,

    /// <summary>That of the account LocalSystem: <c>Protect\S-1-5-18\User</c>.</summary>
    User,
}

/// <summary>The LSA secret DPAPI_SYSTEM: what all that a Windows protects for itself hangs on.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0    4  Version        1
///  4   20  MachineKey
/// 24   20  UserKey
/// </code>
/// </remarks>
internal sealed class DpapiSystem : IDisposable
{
    /// <summary>The secret's name.</summary>
    public const string SecretName = "DPAPI_SYSTEM";

    private const int Size = 44;
    private const int KeySize = 20;
    private const uint SupportedVersion = 1;

    private readonly SecretBuffer _machine;
    private readonly SecretBuffer _user;

    private DpapiSystem(ReadOnlySpan<byte> secret)
    {
        _machine = SecretBuffer.CopyOf(secret.Slice(sizeof(uint), KeySize));
        _user = SecretBuffer.CopyOf(secret.Slice(sizeof(uint) + KeySize, KeySize));
    }

    /// <summary>Reads it.</summary>
    /// <param name="secrets">The secrets of a Windows.</param>
    /// <returns>The secret.</returns>
    /// <exception cref="IdentityException">It is missing, does not open, or has another form.</exception>
    public static DpapiSystem Read(GuestSecrets secrets)
    {
        using SecretBuffer secret = secrets.Read(SecretName, LsaSecretPart.CurrVal) ?? throw new IdentityException(
            IdentityFailure.SecretUnreadable,
            secrets.Subject,
            "the secret is missing, so nothing that DPAPI protects on this disk can be opened.",
            GuestSecrets.Place(SecretName, LsaSecretPart.CurrVal));
        return Parse(secret, secrets.Subject);
    }

    /// <summary>Reads the plain secret.</summary>
    /// <param name="secret">The secret; not kept.</param>
    /// <param name="subject">What messages call the disk.</param>
    /// <returns>Its two halves.</returns>
    /// <exception cref="IdentityException">It has another form.</exception>
    public static DpapiSystem Parse(SecretBuffer secret, string subject) =>
        secret.Length == Size && BinaryPrimitives.ReadUInt32LittleEndian(secret.Span) == SupportedVersion
            ? new DpapiSystem(secret.Span)
            : throw new IdentityException(
                IdentityFailure.SecretFormUnsupported,
                subject,
                $"the secret has {secret.Length} bytes; {Size} bytes with version {SupportedVersion} in front are expected.",
                GuestSecrets.Place(SecretName, LsaSecretPart.CurrVal));

    /// <summary>One half. It lives as long as this.</summary>
    /// <param name="part">Which.</param>
    /// <returns>The key.</returns>
    public SecretBuffer Key(DpapiSystemPart part) => part == DpapiSystemPart.Machine ? _machine : _user;

    public void Dispose()
    {
        _machine.Dispose();
        _user.Dispose();
    }
}
