using System.Globalization;
using VmUpdate.Core.Identity.Secrets;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>Lists what a disk holds of the items that would be a leak on a master, or that only one machine may have.</summary>
internal sealed class DiskScanner(IdentityCatalogue catalogue, SecretFingerprint fingerprint)
{
    // A hostile disk may hold a hundred thousand of what a Windows holds one of. What is beyond is counted nowhere.
    private const int MaxPlaces = 1000;
    private const int MaxShown = 120;

    private readonly ContentDigest _digest = new(fingerprint);

    /// <summary>Looks a disk through.</summary>
    public IReadOnlyList<Holding> Scan(GuestDisk disk)
    {
        var holdings = new List<Holding>();
        var secrets = new Lazy<GuestSecrets?>(() => TryOpen(disk));
        try
        {
            foreach (IdentitySet set in catalogue.Sets.Where(set => set.IsEnabled && !set.IsUserData))
            {
                foreach (IdentityItem item in set.Items.Where(item => item.IsLeak || item.IsUnique))
                {
                    holdings.AddRange(Scan(disk, set, item, secrets));
                }
            }
        }
        finally
        {
            if (secrets.IsValueCreated)
            {
                secrets.Value?.Dispose();
            }
        }

        return holdings;
    }

    private IEnumerable<Holding> Scan(GuestDisk disk, IdentitySet set, IdentityItem item, Lazy<GuestSecrets?> secrets)
    {
        List<Place> places = SetPlaces.Find(disk, item, set.Exclude).Where(place => place.Kind != ManifestItemKind.Folder).Take(MaxPlaces).ToList();
        if (item.Kind == IdentityItemKind.Folder || item.Path.MeansAllBelow)
        {
            string count = string.Format(CultureInfo.InvariantCulture, "{0} files", places.Count);
            return places.Count == 0 ? [] : [new Holding(set, item, item.Path.ToString(), string.Empty, count)];
        }

        return from place in places
               let digest = _digest.Of(disk, place, secrets)
               where digest is not null
               select new Holding(set, item, PlaceText.Of(disk, place), digest, Shown(disk, place));
    }

    private static GuestSecrets? TryOpen(GuestDisk disk)
    {
        try
        {
            return disk.HasHive(HiveName.Security) ? GuestSecrets.Open(disk) : null;
        }
        catch (IdentityException)
        {
            return null; // that a secret is there is reported all the same
        }
    }

    private static string Shown(GuestDisk disk, Place place)
    {
        if (!place.Item.IsShown || place.Kind != ManifestItemKind.Value)
        {
            return string.Empty;
        }

        string text = place.Item.Kind == IdentityItemKind.MachineSid ? disk.MachineSid!.ToString() : ShownValue.Of(disk, place);
        return text.Length <= MaxShown ? text : text.Substring(0, MaxShown) + "...";
    }
}
