using System.Buffers.Binary;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>The LSA secrets of one Windows, opened with its own keys. What it hands out the caller disposes.</summary>
internal sealed class GuestSecrets : IDisposable
{
    /// <summary>The key under which each secret has one of its own, in SECURITY.</summary>
    public const string SecretsKey = "Policy\\Secrets";

    private readonly RegistryHive _security;
    private readonly LsaKeyRing _keys;

    private GuestSecrets(RegistryHive security, LsaKeyRing keys, string subject)
    {
        _security = security;
        _keys = keys;
        Subject = subject;
    }

    /// <summary>What messages call the disk.</summary>
    public string Subject { get; }

    /// <summary>Opens the keys of a disk's Windows.</summary>
    /// <param name="disk">The disk. It outlives this.</param>
    /// <returns>Its secrets.</returns>
    /// <exception cref="IdentityException">The boot key or the LSA keys cannot be read.</exception>
    public static GuestSecrets Open(GuestDisk disk) =>
        Open(disk.OpenHive(HiveName.System), disk.CurrentControlSet, disk.OpenHive(HiveName.Security), disk.Subject);

    /// <summary>Opens the keys of two hives of one Windows.</summary>
    /// <param name="system">The SYSTEM hive.</param>
    /// <param name="controlSet">The current control set's name.</param>
    /// <param name="security">The SECURITY hive.</param>
    /// <param name="subject">What messages call them.</param>
    /// <returns>The secrets.</returns>
    public static GuestSecrets Open(RegistryHive system, string controlSet, RegistryHive security, string subject)
    {
        using SecretBuffer bootKey = BootKey.Read(system, controlSet, subject);
        return new GuestSecrets(security, LsaKeyRing.Open(security, bootKey, subject), subject);
    }

    /// <summary>The key of a secret.</summary>
    /// <param name="name">The secret's name.</param>
    /// <returns>The key, or <see langword="null"/>.</returns>
    public RegistryKey? FindKey(string name) => _security.Find($"{SecretsKey}\\{name}");

    /// <summary>Opens a secret.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="part">Which state of it.</param>
    /// <returns>The secret; <see langword="null"/> when there is none.</returns>
    /// <exception cref="IdentityException">It is of a form that is not supported, or does not open under this Windows' own keys.</exception>
    public SecretBuffer? Read(string name, LsaSecretPart part)
    {
        byte[]? record = FindKey(name)?.FindSubKey(part.ToString())?.FindValue(string.Empty)?.Data;
        return record is null or { Length: 0 } ? null : Read(record, Place(name, part));
    }

    /// <summary>Opens a record of this Windows.</summary>
    /// <param name="record">The sealed secret.</param>
    /// <param name="place">Where it lies.</param>
    /// <returns>The secret.</returns>
    /// <exception cref="IdentityException">It is of a form that is not supported, or does not open under this Windows' own keys.</exception>
    public SecretBuffer Read(byte[] record, string place)
    {
        LsaSecretRecord parsed = LsaSecretRecord.Read(record, Subject, place);
        SecretBuffer key = _keys.Find(parsed.KeyId) ?? throw new IdentityException(
            IdentityFailure.SecretUnreadable,
            Subject,
            $"it is sealed under the LSA key {parsed.KeyId}, which Policy\\PolEKList of this disk does not hold.",
            place);
        return parsed.Open(key) ?? throw new IdentityException(
            IdentityFailure.SecretUnreadable,
            Subject,
            "it does not open under this disk's own LSA key: the hives SYSTEM and SECURITY do not belong together, or it was copied here as it was.",
            place);
    }

    /// <summary>Seals a secret of another Windows under this one's current key.</summary>
    /// <param name="record">The record the secret came in, whose form is kept.</param>
    /// <param name="secret">The secret.</param>
    /// <param name="salt">Where the salt comes from.</param>
    /// <param name="place">Where the record lay.</param>
    /// <returns>The new record.</returns>
    public byte[] Seal(byte[] record, SecretBuffer secret, SaltSource salt, string place) =>
        LsaSecretRecord.Read(record, Subject, place).SealAgain(secret, _keys.Current, _keys.CurrentId, salt);

    /// <summary>When a secret's present state was set.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The time, in UTC; <see langword="null"/> when the hive does not say.</returns>
    public DateTime? UpdatedUtc(string name) => UpdatedUtc(_security, name);

    /// <summary>The same, for which no key is needed.</summary>
    /// <param name="security">The SECURITY hive.</param>
    /// <param name="name">The secret's name.</param>
    /// <returns>The time, in UTC; <see langword="null"/> when the hive does not say.</returns>
    public static DateTime? UpdatedUtc(RegistryHive security, string name)
    {
        byte[]? time = security.Find($"{SecretsKey}\\{name}")?.FindSubKey("CupdTime")?.FindValue(string.Empty)?.Data;
        long ticks = time is { Length: sizeof(long) } ? BinaryPrimitives.ReadInt64LittleEndian(time) : 0;
        return ticks > 0 && ticks < DateTime.MaxValue.ToFileTimeUtc() ? DateTime.FromFileTimeUtc(ticks) : null;
    }

    public void Dispose() => _keys.Dispose();

    internal static string Place(string name, LsaSecretPart part) => $"SECURITY, {SecretsKey}\\{name}\\{part}";
}
