using VmUpdate.Core.Identity.Secrets;

namespace VmUpdate.Core.Identity;

/// <summary>
/// Bundles that no master in particular is meant by. They hold things as they lie on the old disk: secrets sealed under that disk's own
/// keys, and those keys as the disk holds them, so that <see cref="IdentityStandIn"/> can take the disk's place in any later plan.
/// </summary>
internal static class PortableBundle
{
    /// <summary>The most a bundle of one disk may hold, in bytes: it is opened in memory, and identity is small.</summary>
    public const long MaxSize = 256L << 20;

    /// <summary>Copies out of a disk all of its sets that might be carried, users' files excepted.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="catalogue">What counts as identity.</param>
    /// <param name="options">Whose it is, and which sets are left out.</param>
    /// <returns>The bundle, to be disposed. Files are read from the disk when it is written.</returns>
    /// <exception cref="IdentityException">A secret does not open, or the disk holds too much.</exception>
    public static IdentityBundle Take(GuestDisk disk, IdentityCatalogue catalogue, IdentityOptions options)
    {
        byte[] hashKey = StoreKey.Random(IdentityHash.KeySize);
        var payload = new LivePayload();
        var taken = new List<ManifestItem>();
        var decisions = new List<SetDecision>();
        foreach (IdentitySet set in catalogue.Sets.Where(set => set is { IsEnabled: true, IsUserData: false }))
        {
            List<Place> places = PlacesOf(disk, set);
            if (Decide(set, places, options) is not { } decision)
            {
                continue;
            }

            decisions.Add(decision);
            if (decision.Outcome == SetOutcome.Carried)
            {
                RequireReadable(disk, places);
                taken.AddRange(places.Select(place => Raw(disk, PlannedStep.Of(set, ManifestAction.Write, place).ToItem(), payload, hashKey)));
            }
        }

        var manifest = new IdentityManifest
        {
            BundleId = options.NewGuid(),
            VmId = options.VmId,
            VmName = options.VmName,
            TakenUtc = options.UtcNow(),
            OldDisk = disk.Subject,
            WindowsFolder = disk.WindowsFolder.ToString(),
            MachineSecretSetUtc = MachineSecretTime(disk, taken),
            Decisions = decisions,
            Source = [.. Ground(disk, catalogue, taken, payload, hashKey), .. taken],
            HashKey = hashKey,
        };
        return payload.Length <= MaxSize ? new IdentityBundle(manifest, payload) : throw new IdentityException(
            IdentityFailure.BundleTooLarge,
            disk.Subject,
            $"what makes it this machine is {payload.Length} bytes, and {MaxSize} are allowed; leave the set out that holds so much.");
    }

    /// <summary>What a bundle that is made for one master needs besides, to become portable: sealed things as they lie, and the keys.</summary>
    /// <param name="disk">The old disk.</param>
    /// <param name="catalogue">What counts as identity.</param>
    /// <param name="items">The bundle's steps.</param>
    /// <param name="payload">The bundle's payload, which is added to.</param>
    /// <param name="hashKey">The key of the hashes of secrets.</param>
    /// <returns>The items.</returns>
    public static IReadOnlyList<ManifestItem> SourceOf(
        GuestDisk disk, IdentityCatalogue catalogue, IEnumerable<ManifestItem> items, LivePayload payload, byte[] hashKey)
    {
        List<ManifestItem> carried = items
            .Where(item => item is { Action: ManifestAction.Write, Kind: not ManifestItemKind.GeneratedFile } && catalogue.Find(item.Set) is { IsUserData: false })
            .ToList();
        List<ManifestItem> asTheyLie = carried.Where(IsMadeForMaster)
            .Select(item => Raw(disk, item with { ResultHash = null, MasterHash = null, File = null }, payload, hashKey)).ToList();
        return [.. Ground(disk, catalogue, carried, payload, hashKey), .. asTheyLie];
    }

    /// <summary>When the machine's secret in the domain was set, when it is among some items.</summary>
    public static DateTime? MachineSecretTime(GuestDisk disk, IEnumerable<ManifestItem> items) =>
        items.Any(item => item.Kind == ManifestItemKind.LsaSecret && item.Path == LsaSecretTransfer.KeyOf(LsaSecretTransfer.MachineAccount))
            ? GuestSecrets.UpdatedUtc(disk.OpenHive(HiveName.Security), LsaSecretTransfer.MachineAccount)
            : null;

    /// <summary>The portable form of a bundle that was made for one master.</summary>
    /// <param name="kept">The bundle. It must live as long as the new one.</param>
    /// <param name="newId">The new one's id.</param>
    /// <returns>The new one.</returns>
    /// <exception cref="IdentityException">It was made by a version that kept nothing of use for another master.</exception>
    public static IdentityBundle Of(IdentityBundle kept, Guid newId)
    {
        IdentityManifest manifest = kept.Manifest;
        if (manifest.Source.Count == 0)
        {
            throw new IdentityException(
                IdentityFailure.BundleNotFound, kept.Id, "this bundle serves the one master only that it was made for; take the identity from the old disk.");
        }

        IEnumerable<ManifestItem> items = manifest.Items.Where(item => item.Action == ManifestAction.Write && !IsMadeForMaster(item));
        return Repacked(kept, manifest with { BundleId = newId, MasterDisk = string.Empty, Items = [] }, [], [.. manifest.Source, .. items]);
    }

    /// <summary>A bundle without some sets.</summary>
    /// <param name="bundle">The bundle. It must live as long as the new one.</param>
    /// <param name="sets">The sets' ids.</param>
    /// <returns>The new one, of the same id.</returns>
    public static IdentityBundle Without(IdentityBundle bundle, IReadOnlyCollection<string> sets) => Repacked(
        bundle,
        bundle.Manifest,
        bundle.Manifest.Items.Where(item => !sets.Contains(item.Set)),
        bundle.Manifest.Source.Where(item => !sets.Contains(item.Set)));

    private static IdentityBundle Repacked(
        IdentityBundle from, IdentityManifest manifest, IEnumerable<ManifestItem> items, IEnumerable<ManifestItem> source)
    {
        var payload = new LivePayload();
        return new IdentityBundle(manifest with { Items = items.Select(Copy).ToList(), Source = source.Select(Copy).ToList() }, payload);

        ManifestItem Copy(ManifestItem item) =>
            item.Length == 0 ? item with { Offset = 0 } : item with { Offset = payload.Add(from.Payload, item.Offset, item.Length) };
    }

    private static List<Place> PlacesOf(GuestDisk disk, IdentitySet set)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return set.Items.Where(item => item.Old is OldVerb.Carry or OldVerb.Ask)
            .SelectMany(item => SetPlaces.Find(disk, item, set.Exclude)).Select(DiskGround.AsItLies).Where(place => seen.Add(place.Key)).ToList();
    }

    private static SetDecision? Decide(IdentitySet set, List<Place> places, IdentityOptions options)
    {
        if (places.Count == 0)
        {
            return null;
        }

        string? obstacle = options.LeaveOut.Contains(set.Id) ? "It was left out on the administrator's word."
            : places.FirstOrDefault(place => SetPlanner.IsUncopyable(place.Entry)) is { } uncopyable
                ? $"{uncopyable.Path} is encrypted or a link, so its bytes cannot be copied."
                : null;
        return obstacle is null
            ? new SetDecision(set.Id, set.Verb, SetOutcome.Carried, set.Reason, places.Count, places.Sum(place => place.Bytes))
            : new SetDecision(set.Id, set.Verb, SetOutcome.NotCarried, obstacle, places.Count, 0);
    }

    // Master keys are not looked into: where one does not open, they may still be taken as they lie (DpapiMode.Replace).
    private static void RequireReadable(GuestDisk disk, List<Place> places)
    {
        if (places.Any(place => place.Kind == ManifestItemKind.LsaSecret))
        {
            using GuestSecrets secrets = GuestSecrets.Open(disk);
            foreach (Place place in places.Where(place => place.Kind == ManifestItemKind.LsaSecret))
            {
                LsaSecretTransfer.RequireReadable(secrets, place.Item.Name);
            }
        }
    }

    private static bool IsMadeForMaster(ManifestItem item) =>
        item.Kind is ManifestItemKind.LsaSecret or ManifestItemKind.MasterKey or ManifestItemKind.GeneratedFile;

    private static ManifestItem Raw(GuestDisk disk, ManifestItem item, LivePayload payload, byte[] hashKey) =>
        ItemKind.Of(item).Capture(disk, item, payload, hashKey);

    /// <summary>What every plan looks at besides the sets themselves, and the keys and folders above what is carried.</summary>
    private static List<ManifestItem> Ground(
        GuestDisk disk, IdentityCatalogue catalogue, IReadOnlyList<ManifestItem> carried, LivePayload payload, byte[] hashKey)
    {
        List<ManifestItem> wanted = [.. DiskGround.Facts(disk, catalogue)];
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return wanted.Concat(carried).SelectMany(DiskGround.Above).Where(item => seen.Add($"{item.Kind}|{item.Hive}|{item.Path}"))
            .Concat(wanted)
            .Where(item => ItemKind.Of(item).HashOn(disk, item, hashKey) is not null)
            .Select(item => Raw(disk, item, payload, hashKey))
            .ToList();
    }
}
