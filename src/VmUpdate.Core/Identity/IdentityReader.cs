using System.Buffers.Binary;
using System.Globalization;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>Lists the identity that a disk holds.</summary>
public sealed class IdentityReader
{
    private const uint RegSz = 1;
    private const uint RegExpandSz = 2;
    private const uint RegDword = 4;
    private static readonly byte[] NoKey = new byte[IdentityHash.KeySize];

    /// <summary>Makes the reader.</summary>
    /// <param name="catalogue">What counts as identity.</param>
    public IdentityReader(IdentityCatalogue catalogue) => Catalogue = catalogue;

    /// <summary>What counts as identity.</summary>
    public IdentityCatalogue Catalogue { get; }

    /// <summary>Reads every enabled set but user data. Nothing secret is returned.</summary>
    /// <param name="disk">The disk.</param>
    /// <returns>
    /// The findings, set by set. An item that names many files gives one finding for each, one that means all that a folder holds gives
    /// one with their count; an absent item gives one that says so.
    /// </returns>
    /// <exception cref="DiskFormatException">The disk is damaged.</exception>
    public IReadOnlyList<IdentityFinding> Read(GuestDisk disk)
    {
        var findings = new List<IdentityFinding>();
        foreach (IdentitySet set in Catalogue.Sets.Where(set => set.IsEnabled && !set.IsUserData))
        {
            foreach (IdentityItem item in set.Items)
            {
                int before = findings.Count;
                findings.AddRange(Read(disk, set, item));
                if (findings.Count == before)
                {
                    string place = item.Path != GuestPattern.Nothing ? item.Path.ToString() : PlaceOf(disk, item, item.Key, item.Value);
                    findings.Add(new IdentityFinding(set.Id, item.Name, place, set.Verb, false, string.Empty, string.Empty));
                }
            }
        }

        return findings;
    }

    private static IEnumerable<IdentityFinding> Read(GuestDisk disk, IdentitySet set, IdentityItem item)
    {
        if (item.Kind == IdentityItemKind.NameSuffix)
        {
            return ReadContainers(disk, set, item);
        }

        IEnumerable<Place> places = SetPlaces.Find(disk, item, set.Exclude);
        if (item.Kind == IdentityItemKind.Folder || (item.Kind == IdentityItemKind.File && item.Path.MeansAllBelow))
        {
            List<Place> files = places.Where(place => place.Kind == ManifestItemKind.File).ToList();
            string count = string.Format(CultureInfo.InvariantCulture, "{0} files, {1} bytes", files.Count, files.Sum(file => file.Bytes));
            return files.Count == 0 ? [] : [new IdentityFinding(set.Id, item.Name, item.Path.ToString(), set.Verb, true, string.Empty, count)];
        }

        return places.Select(place => Read(disk, set, place));
    }

    private static IdentityFinding Read(GuestDisk disk, IdentitySet set, Place place)
    {
        IdentityItem item = place.Item;
        var step = new ManifestItem { Kind = place.Kind, Hive = item.Hive, Path = place.Path, Name = place.Name };
        string fingerprint = IdentityHash.Fingerprint(
            item.Kind == IdentityItemKind.MachineSid ? HashOf(disk.MachineSid!.ToString()) : ItemKind.Of(step).HashOn(disk, step, NoKey));
        string where = place.Entry is null ? PlaceOf(disk, item, place.Path, place.Name) : place.Path;
        string display = item.Kind switch
        {
            IdentityItemKind.MachineSid => disk.MachineSid!.ToString(),
            IdentityItemKind.StaticAddress => StaticAddressKind.Find(disk, place.Path)!.ToString(),
            _ => item.IsShown && place.Kind == ManifestItemKind.Value ? ShownValue(disk, place) : string.Empty,
        };
        return new IdentityFinding(set.Id, item.Name, where, set.Verb, true, fingerprint, display);
    }

    // Of the SID alone: the value around it also holds counters and the password policy.
    private static string HashOf(string text)
    {
        using IdentityHash hash = IdentityHash.Plain();
        return hash.Add(text).Finish();
    }

    private static IEnumerable<IdentityFinding> ReadContainers(GuestDisk disk, IdentitySet set, IdentityItem item)
    {
        foreach (NtfsEntry folder in item.Path.Enumerate(disk).Where(entry => entry.IsDirectory))
        {
            foreach (NtfsEntry file in disk.Volume.Enumerate(folder.Path).Where(entry => !entry.IsDirectory))
            {
                yield return Read(disk, set, new Place(item, ManifestItemKind.File, file.Path.ToString(), string.Empty, file.Length, file));
            }
        }
    }

    private static string PlaceOf(GuestDisk disk, IdentityItem item, string key, string value)
    {
        string path = disk.HasHive(item.Hive) ? disk.ResolveKey(item.Hive, key) : key;
        string name = item.Kind == IdentityItemKind.RegistryValue ? $" : {(value.Length == 0 ? "(Default)" : value)}" : string.Empty;
        return $"{item.Hive.ToString().ToUpperInvariant()}\\{path}{name}";
    }

    private static string ShownValue(GuestDisk disk, Place place)
    {
        RegistryValue? value = disk.OpenHive(place.Item.Hive).Find(disk.ResolveKey(place.Item.Hive, place.Path))?.FindValue(place.Name);
        return value switch
        {
            null => string.Empty,
            { Type: RegSz or RegExpandSz } => GuestDisk.TextOf(value),
            { Type: RegDword, Data.Length: sizeof(uint) } =>
                BinaryPrimitives.ReadUInt32LittleEndian(value.Data).ToString(CultureInfo.InvariantCulture),
            _ => Hex.Of(value.Data),
        };
    }
}
