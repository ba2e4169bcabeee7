namespace VmUpdate.Core.Identity;

/// <content>The way back to a disk that the machine had before: nothing is stripped, and only what changed meanwhile is carried.</content>
internal sealed partial class SetPlanner
{
    /// <summary>
    /// A set that others rest on stays as the disk to go back to has it. What rests on it may come along only when the machine took that
    /// set with it on its way here: when both disks hold the same.
    /// </summary>
    private SetDecision DecideUnchanged(IdentitySet set)
    {
        List<Place> here = Distinct(ItemsOf(set).SelectMany(item => SetPlaces.Find(_old, item, set.Exclude)));
        List<Place> there = Distinct(ItemsOf(set).SelectMany(item => SetPlaces.Find(_master, item, set.Exclude)));
        bool isSame = here.Count > 0 && new HashSet<string>(here.Select(place => place.Key)).SetEquals(there.Select(place => place.Key))
            && here.All(place => HashOf(_old, place) == HashOf(_master, place));
        if (isSame)
        {
            _carried.Add(set.Id); // what depends on it may be
        }

        return new SetDecision(
            set.Id,
            set.Verb,
            SetOutcome.Kept,
            isSame ? "Both disks hold the same." : "It is not the same on both disks, and stays as the disk to go back to has it.",
            0,
            0);
    }

    private static string? HashOf(GuestDisk disk, Place place)
    {
        ManifestItem item = new ManifestItem { Kind = place.Kind, Hive = place.Item.Hive, Path = place.Path, Name = place.Name };
        return ItemKind.Of(item).HashOn(disk, item, []);
    }
}
