using System.Buffers.Binary;
using System.Text;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>Decides whether what lies at an item's place is what the item means.</summary>
internal static class PlaceFilter
{
    private const uint RegSz = 1;
    private const int MaxSearched = 64 << 10; // keys are short, and say at their beginning what they are

    /// <summary>Whether a value counts.</summary>
    public static bool Counts(IdentityItem item, RegistryValue value) => item.Counts switch
    {
        ItemCounts.NotEmpty => value.Type == RegSz ? GuestDisk.TextOf(value).Length > 0 : value.Data.Length > 0,
        ItemCounts.SwitchedOn => value.Type == RegSz
            ? GuestDisk.TextOf(value).Trim() is { Length: > 0 } text && text != "0"
            : value.Data.Any(part => part != 0),

        // The first two bytes are the length of the user's name; a slot that was never used, or was cleared, has none.
        ItemCounts.CachedLogon => value.Data.Length >= sizeof(ushort) && BinaryPrimitives.ReadUInt16LittleEndian(value.Data) > 0,
        _ => true,
    };

    /// <summary>Whether a key counts.</summary>
    public static bool Counts(IdentityItem item, RegistryKey key) => item.Kind switch
    {
        IdentityItemKind.LsaSecret when item.Counts == ItemCounts.NotEmpty =>
            key.FindSubKey(nameof(LsaSecretPart.CurrVal))?.FindValue(string.Empty) is { Data.Length: > 0 },
        IdentityItemKind.Certificate when item.Issuers.Count > 0 || item.ExceptIssuers.Count > 0 => IsOfIssuer(item, key),
        _ => item.Having.Length == 0 || key.FindValue(item.Having) is not null,
    };

    /// <summary>Whether a file counts.</summary>
    public static bool Counts(IdentityItem item, NtfsVolume volume, NtfsEntry file) => item.Counts switch
    {
        ItemCounts.NotEmpty => file.Length > 0,
        ItemCounts.AnswerFilePassword => file.Length is > 0 and <= AnswerFilePasswords.MaxSize
            && AnswerFilePasswords.Any(ReadStart(volume, file, AnswerFilePasswords.MaxSize)),
        _ => true,
    } && (item.Having.Length == 0 || Holds(volume, file, item.Having));

    // One that cannot be read may be of any issuer: it is not carried as one of those that may be, nor removed as one of those that must.
    private static bool IsOfIssuer(IdentityItem item, RegistryKey key)
    {
        using CertificateBlob? certificate = CertificateBlob.Read(key);
        return certificate is not null
            && (item.Issuers.Count == 0 || item.Issuers.Any(issuer => TextPattern.IsMatch(issuer, certificate.Issuer)))
            && !item.ExceptIssuers.Any(issuer => TextPattern.IsMatch(issuer, certificate.Issuer));
    }

    private static bool Holds(NtfsVolume volume, NtfsEntry file, string text)
    {
        byte[] start = ReadStart(volume, file, MaxSearched);
        bool found = start.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text)) >= 0 || start.AsSpan().IndexOf(Encoding.Unicode.GetBytes(text)) >= 0;
        Array.Clear(start, 0, start.Length);
        return found;
    }

    private static byte[] ReadStart(NtfsVolume volume, NtfsEntry file, int most)
    {
        try
        {
            using IBlockFile stream = volume.OpenStream(file.Path);
            return StreamBytes.ReadStart(stream, most);
        }
        catch (DiskFormatException failure) when (failure.Defect == DiskFormatDefect.NotSupported)
        {
            return []; // encrypted by EFS or packed by WOF: nobody reads a password from it either, and one file ends no scan
        }
    }
}
