using System.Buffers.Binary;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>Finds the secrets of people and services that a disk holds: what a master must not hand to each of its children.</summary>
internal static class SecretLeakReader
{
    private const string DefaultPassword = "DefaultPassword";
    private const string ServicePrefix = "_SC_";
    private const string CacheKey = "Cache";
    private const string CachedLogonPrefix = "NL$";
    private const string WinlogonKey = "Microsoft\\Windows NT\\CurrentVersion\\Winlogon";

    /// <summary>Looks a disk through. A secret that does not open is reported all the same.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="fingerprint">The scan's fingerprints.</param>
    /// <returns>What was found.</returns>
    public static IReadOnlyList<SecretLeak> Read(GuestDisk disk, SecretFingerprint fingerprint)
    {
        var leaks = new List<SecretLeak>();
        if (disk.HasHive(HiveName.Security))
        {
            leaks.AddRange(ReadSecurity(disk.OpenHive(HiveName.Security), () => GuestSecrets.Open(disk), fingerprint));
        }

        leaks.AddRange(ReadWinlogon(disk.OpenHive(HiveName.Software), fingerprint));
        return leaks;
    }

    /// <summary>Looks a SECURITY hive through.</summary>
    /// <param name="security">The hive.</param>
    /// <param name="open">Opens the secrets in it; its failure costs only the fingerprints.</param>
    /// <param name="fingerprint">The scan's fingerprints.</param>
    /// <returns>What was found.</returns>
    public static IReadOnlyList<SecretLeak> ReadSecurity(RegistryHive security, Func<GuestSecrets> open, SecretFingerprint fingerprint)
    {
        var leaks = new List<SecretLeak>();
        GuestSecrets? secrets = null;
        try
        {
            secrets = TryOpen(open);
            foreach (RegistryKey key in security.Find(GuestSecrets.SecretsKey)?.SubKeys ?? [])
            {
                if (KindOf(key.Name) is { } kind && Look(key, secrets, fingerprint) is { IsEmpty: false } found)
                {
                    leaks.Add(new SecretLeak(kind, HiveName.Security, $"{GuestSecrets.SecretsKey}\\{key.Name}", found.Fingerprint));
                }
            }
        }
        finally
        {
            secrets?.Dispose();
        }

        int logons = security.Find(CacheKey)?.Values.Count(IsCachedLogon) ?? 0;
        if (logons > 0)
        {
            leaks.Add(new SecretLeak(SecretLeakKind.CachedLogons, HiveName.Security, CacheKey, string.Empty, logons));
        }

        return leaks;
    }

    /// <summary>Looks for automatic logon in a SOFTWARE hive.</summary>
    /// <param name="software">The hive.</param>
    /// <param name="fingerprint">The scan's fingerprints.</param>
    /// <returns>What was found.</returns>
    public static IReadOnlyList<SecretLeak> ReadWinlogon(RegistryHive software, SecretFingerprint fingerprint)
    {
        var leaks = new List<SecretLeak>();
        RegistryKey? winlogon = software.Find(WinlogonKey);
        if (winlogon?.FindValue("AutoAdminLogon") is { } logon && IsOn(logon))
        {
            leaks.Add(new SecretLeak(SecretLeakKind.AutoAdminLogon, HiveName.Software, $"{WinlogonKey}\\AutoAdminLogon", string.Empty));
        }

        if (winlogon?.FindValue(DefaultPassword) is { } password)
        {
            using SecretBuffer secret = SecretBuffer.Take(password.Data);
            ReadOnlySpan<byte> text = secret.Span;
            while (text.Length >= sizeof(char) && text[text.Length - 1] == 0 && text[text.Length - 2] == 0)
            {
                text = text.Slice(0, text.Length - sizeof(char));
            }

            if (text.Length > 0)
            {
                // Without the final zero, so that the same password in LSA and in Winlogon is seen to be the same.
                using SecretBuffer bare = SecretBuffer.CopyOf(text);
                leaks.Add(new SecretLeak(
                    SecretLeakKind.WinlogonDefaultPassword, HiveName.Software, $"{WinlogonKey}\\{DefaultPassword}", fingerprint.Of(bare)));
            }
        }

        return leaks;
    }

    private static SecretLeakKind? KindOf(string name) =>
        string.Equals(name, DefaultPassword, StringComparison.OrdinalIgnoreCase) ? SecretLeakKind.LsaDefaultPassword
        : name.StartsWith(ServicePrefix, StringComparison.OrdinalIgnoreCase) ? SecretLeakKind.ServicePassword
        : string.Equals(name, LsaSecretTransfer.MachineAccount, StringComparison.OrdinalIgnoreCase)
            || string.Equals(name, LsaSecretTransfer.IsolatedMachineAccount, StringComparison.OrdinalIgnoreCase) ? SecretLeakKind.MachineAccount
        : null;

    private static GuestSecrets? TryOpen(Func<GuestSecrets> open)
    {
        try
        {
            return open();
        }
        catch (IdentityException)
        {
            return null; // that a password is there matters more than which one
        }
    }

    private static (bool IsEmpty, string Fingerprint) Look(RegistryKey key, GuestSecrets? secrets, SecretFingerprint fingerprint)
    {
        byte[]? record = key.FindSubKey(nameof(LsaSecretPart.CurrVal))?.FindValue(string.Empty)?.Data;
        if (record is null or { Length: 0 })
        {
            return (true, string.Empty);
        }

        try
        {
            using SecretBuffer? secret = secrets?.Read(record, GuestSecrets.Place(key.Name, LsaSecretPart.CurrVal));
            return secret is null ? (false, string.Empty) : (secret.Length == 0, fingerprint.Of(secret));
        }
        catch (IdentityException)
        {
            return (false, string.Empty);
        }
    }

    private static bool IsCachedLogon(RegistryValue value)
    {
        // The first two bytes are the length of the user's name; a slot that was never used, or was cleared, has none.
        bool isSlot = value.Name.StartsWith(CachedLogonPrefix, StringComparison.OrdinalIgnoreCase)
            && !string.Equals(value.Name, "NL$Control", StringComparison.OrdinalIgnoreCase);
        return isSlot && value.Data.Length >= sizeof(ushort) && BinaryPrimitives.ReadUInt16LittleEndian(value.Data) > 0;
    }

    private static bool IsOn(RegistryValue value)
    {
        const uint stringType = 1;
        return value.Type == stringType
            ? GuestDisk.TextOf(value).Trim() is { Length: > 0 } text && text != "0"
            : value.Data.Any(part => part != 0);
    }
}
