using System.Globalization;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity;

/// <summary>Lists the identity that a disk holds.</summary>
public sealed class IdentityReader
{
    // A plain hash of a password could be guessed from. Two disks are compared within one session, which is as long as the key lasts.
    private static readonly byte[] SessionKey = NewKey();

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
                    string place = item.Path != GuestPattern.Nothing ? item.Path.ToString() : PlaceText.Of(disk, item, item.Key, item.Value);
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
        bool mayHoldPassword = item.IsSecret || item is { IsLeak: true, IsUnique: false, IsShown: false };
        var step = new ManifestItem { Kind = place.Kind, Hive = item.Hive, Path = place.Path, Name = place.Name, IsSecret = mayHoldPassword };
        string fingerprint = IdentityHash.Fingerprint(
            item.Kind == IdentityItemKind.MachineSid ? HashOf(disk.MachineSid!.ToString()) : ItemKind.Of(step).HashOn(disk, step, SessionKey));
        string display = item.Kind switch
        {
            IdentityItemKind.MachineSid => disk.MachineSid!.ToString(),
            IdentityItemKind.StaticAddress => StaticAddressKind.Find(disk, place.Path)!.ToString(),
            _ => item.IsShown && place.Kind == ManifestItemKind.Value ? ShownValue.Of(disk, place) : string.Empty,
        };
        return new IdentityFinding(set.Id, item.Name, PlaceText.Of(disk, place), set.Verb, true, fingerprint, display);
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

    private static byte[] NewKey()
    {
        byte[] key = new byte[IdentityHash.KeySize];
        SystemSalt.Fill(key);
        return key;
    }
}
