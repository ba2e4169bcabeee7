using System.Text;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>
/// Tells what two disks hold alike: the thing itself, not how it lies there. Sealed secrets are opened, texts compared without case,
/// files by what is in them.
/// </summary>
internal sealed class ContentDigest(SecretFingerprint fingerprint)
{
    private const int MaxFileBytes = 1 << 20;
    private const uint RegSz = 1;
    private const uint RegExpandSz = 2;
    private const string ConfigMgrFile = "SMSCFG.INI";
    private const string ConfigMgrId = "SMS Unique Identifier=";

    /// <summary>The digest of what is at a place; empty when it cannot be compared, <see langword="null"/> for a sealed secret that is empty.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="place">The place.</param>
    /// <param name="secrets">The disk's LSA secrets; <see langword="null"/> when they do not open.</param>
    public string? Of(GuestDisk disk, Place place, Lazy<GuestSecrets?> secrets)
    {
        switch (place.Kind)
        {
            case ManifestItemKind.Value when place.Item.Kind == IdentityItemKind.MachineSid:
                return OfPlain(Encoding.Unicode.GetBytes(disk.MachineSid!.ToString()));
            case ManifestItemKind.Value:
                return FindKey(disk, place)?.FindValue(place.Name) is { } value ? OfBytes(place.Item, Normal(value)) : string.Empty;
            case ManifestItemKind.ClassName:
                return OfBytes(place.Item, Encoding.Unicode.GetBytes(FindKey(disk, place)?.ClassName ?? string.Empty));
            case ManifestItemKind.KeyTree:
                return FindKey(disk, place) is { } key ? OfBytes(place.Item, KeyTree.Serialize(key)) : string.Empty;
            case ManifestItemKind.LsaSecret:
                return FindKey(disk, place) is { } secret ? OfSecret(secret, secrets.Value) : string.Empty;
            case ManifestItemKind.File or ManifestItemKind.MasterKey:
                return OfFile(disk, place);
            default:
                return string.Empty;
        }
    }

    private static RegistryKey? FindKey(GuestDisk disk, Place place) =>
        disk.OpenHive(place.Item.Hive).Find(disk.ResolveKey(place.Item.Hive, place.Path));

    // An id is the same id in capital letters, and a text with or without its final zero.
    private static byte[] Normal(RegistryValue value)
    {
        if (value.Type is not (RegSz or RegExpandSz))
        {
            return value.Data;
        }

        byte[] text = Encoding.Unicode.GetBytes(GuestDisk.TextOf(value).Trim().ToUpperInvariant());
        Array.Clear(value.Data, 0, value.Data.Length);
        return text;
    }

    private static string OfPlain(byte[] bytes)
    {
        using IdentityHash hash = IdentityHash.Plain();
        return hash.Add(bytes).Finish();
    }

    private string OfBytes(IdentityItem item, byte[] bytes)
    {
        if (bytes.Length == 0)
        {
            return string.Empty;
        }

        // What leaks and is no id may be, or hold, a password: a plain hash of it could be guessed from.
        if (!item.IsSecret && (item.IsUnique || item.IsShown))
        {
            return OfPlain(bytes);
        }

        using SecretBuffer secret = SecretBuffer.Take(bytes);
        return fingerprint.Of(secret);
    }

    private string? OfSecret(RegistryKey key, GuestSecrets? secrets)
    {
        byte[]? record = key.FindSubKey(nameof(LsaSecretPart.CurrVal))?.FindValue(string.Empty)?.Data;
        if (record is null or { Length: 0 })
        {
            return string.Empty;
        }

        try
        {
            using SecretBuffer? secret = secrets?.Read(record, GuestSecrets.Place(key.Name, LsaSecretPart.CurrVal));
            return secret is null ? OfPlain(record) : secret.Length == 0 ? null : fingerprint.Of(secret);
        }
        catch (IdentityException)
        {
            return OfPlain(record); // that it is there matters more than what it is
        }
    }

    private string OfFile(GuestDisk disk, Place place)
    {
        NtfsEntry entry = place.Entry!;
        if (entry.Length is 0 or > MaxFileBytes)
        {
            return string.Empty;
        }

        byte[] bytes;
        try
        {
            using IBlockFile stream = disk.Volume.OpenStream(entry.Path);
            bytes = StreamBytes.ReadStart(stream, MaxFileBytes);
        }
        catch (DiskFormatException failure) when (failure.Defect == DiskFormatDefect.NotSupported)
        {
            return string.Empty; // encrypted by EFS or packed by WOF: it is there, and cannot be compared
        }

        bool isConfigMgr = string.Equals(entry.Path.Name, ConfigMgrFile, StringComparison.OrdinalIgnoreCase);
        return OfBytes(place.Item, isConfigMgr && ConfigMgrIdIn(bytes) is { } id ? Encoding.Unicode.GetBytes(id) : bytes);
    }

    // The client's other lines differ between two disks that have the same id.
    private static string? ConfigMgrIdIn(byte[] bytes)
    {
        bool isUnicode = bytes.Length >= 2 && bytes[0] == 0xFF && bytes[1] == 0xFE;
        string text = isUnicode ? Encoding.Unicode.GetString(bytes) : Encoding.UTF8.GetString(bytes);
        string? line = text.Split('\n').FirstOrDefault(one => one.TrimStart().StartsWith(ConfigMgrId, StringComparison.OrdinalIgnoreCase));
        return line?.Trim().Substring(ConfigMgrId.Length).Trim().ToUpperInvariant();
    }
}
