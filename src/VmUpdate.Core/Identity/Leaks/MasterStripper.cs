using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>Takes sets from a disk that is open for writing.</summary>
internal sealed class MasterStripper(GuestDisk guest)
{
    /// <summary>The hives that anything is taken from.</summary>
    public static IReadOnlyList<HiveName> Hives { get; } =
        [HiveName.Software, HiveName.Security, HiveName.Sam, HiveName.Default, HiveName.System];

    /// <summary>Takes the items of a set that leak, or that the catalogue strips from masters.</summary>
    /// <returns>What was taken; a folder with all that was in it is one thing.</returns>
    public IReadOnlyList<CleanedItem> Strip(IdentitySet set)
    {
        var taken = new List<CleanedItem>();
        foreach (IdentityItem item in set.Items.Where(IsTaken))
        {
            bool isWhole = item.Kind == IdentityItemKind.Folder || item.Path.MeansAllBelow;
            List<Place> places = SetPlaces.Find(guest, item, set.Exclude).ToList();
            if (isWhole && places.Any(place => place.Kind == ManifestItemKind.File))
            {
                taken.Add(Describe(set, item, item.Path.ToString(), CleanAction.Removed));
            }

            // What a folder holds comes behind it.
            foreach (Place place in Enumerable.Reverse(places))
            {
                string where = PlaceText.Of(guest, place);
                CleanAction action = Remove(place);
                if (!isWhole)
                {
                    taken.Add(Describe(set, item, where, action));
                }
            }
        }

        return taken;
    }

    /// <summary>Overwrites what former writers left in the hives' free cells.</summary>
    public void WipeHives()
    {
        foreach (HiveName hive in Hives.Where(guest.HasHive))
        {
            guest.OpenHive(hive).WipeFreeCells();
        }
    }

    private static CleanedItem Describe(IdentitySet set, IdentityItem item, string place, CleanAction action) =>
        new(set.Id, set.Title, item.Name, place, action);

    private static bool IsTaken(IdentityItem item) =>
        item.Kind is not (IdentityItemKind.MachineSid or IdentityItemKind.StaticAddress or IdentityItemKind.NameSuffix)
        && (item.IsLeak || item.Master != MasterVerb.Keep);

    private CleanAction Remove(Place place)
    {
        if (place.Item.Counts == ItemCounts.AnswerFilePassword && TryBlank(place.Entry!))
        {
            return CleanAction.Blanked;
        }

        var step = new ManifestItem { Kind = place.Kind, Hive = place.Item.Hive, Path = place.Path, Name = place.Name };
        ItemKind.Of(step).Remove(guest, step);
        return CleanAction.Removed;
    }

    // A deployment may need the rest of the file; Windows Setup itself blanks the passwords in its own copy.
    private bool TryBlank(NtfsEntry entry)
    {
        using IBlockFile stream = guest.Volume.OpenStream(entry.Path, writable: true);
        byte[] xml = new byte[stream.Length];
        stream.ReadAt(0, xml);
        byte[]? blanked = AnswerFileBlanker.Blank(xml);
        Array.Clear(xml, 0, xml.Length);
        if (blanked is null)
        {
            return false;
        }

        stream.SetLength(blanked.Length);
        stream.WriteAt(0, blanked);
        return true;
    }
}
