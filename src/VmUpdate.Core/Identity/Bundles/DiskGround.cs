using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;

namespace VmUpdate.Core.Identity;

/// <summary>What a plan looks at on the old disk although no set holds it.</summary>
internal static class DiskGround
{
    private const string Set = "ground"; // no catalogue file may have this name: it would only confuse people

    private static readonly (HiveName Hive, string Key, string Value)[] Values =
    [
        (HiveName.Sam, "SAM\\Domains\\Account", "V"), // the machine SID
        (HiveName.Software, "Microsoft\\Windows NT\\CurrentVersion", "CurrentBuildNumber"),
        (HiveName.Software, "Microsoft\\Windows NT\\CurrentVersion", "CurrentBuild"),
    ];

    /// <summary>The places, whether a disk holds something there or not.</summary>
    public static IEnumerable<ManifestItem> Facts(GuestDisk disk, IdentityCatalogue catalogue)
    {
        foreach ((HiveName hive, string key, string value) in Values)
        {
            yield return new ManifestItem { Set = Set, Kind = ManifestItemKind.Value, Hive = hive, Path = key, Name = value, IsSecret = hive == HiveName.Sam };
        }

        foreach (string key in BootKey.KeyPaths)
        {
            yield return new ManifestItem { Set = Set, Kind = ManifestItemKind.ClassName, Hive = HiveName.System, Path = key, IsSecret = true };
        }

        yield return Tree(LsaKeyRing.ListKey);
        yield return Tree(LsaSecretTransfer.KeyOf(DpapiSystem.SecretName));
        yield return Shell(HiveName.Security, LsaSecretTransfer.KeyOf(LsaSecretTransfer.IsolatedMachineAccount));

        // A precondition asks whether a key is there.
        foreach (Precondition asked in catalogue.Sets.SelectMany(set => set.Preconditions).Where(asked => asked.Key.Length > 0))
        {
            foreach ((string path, _) in RegistryPlaces.Find(disk, asked.Hive, asked.Key))
            {
                yield return Shell(asked.Hive, path);
            }
        }

        // A plan refuses a machine by what its disk holds.
        foreach (IdentitySet set in catalogue.Sets.Where(set => set is { IsEnabled: true } && set.Refuses != Refusal.None))
        {
            foreach (Place place in set.Items.SelectMany(item => SetPlaces.Find(disk, item, set.Exclude)).Select(AsItLies))
            {
                yield return PlannedStep.Of(set, ManifestAction.Write, place).ToItem() with { Set = Set };
            }
        }

        foreach (StaticAddress address in StaticAddress.Read(disk))
        {
            yield return new ManifestItem { Set = Set, Kind = ManifestItemKind.KeyTree, Hive = HiveName.System, Path = StaticAddress.AdapterKey(address.Adapter) };
        }
    }

    /// <summary>A place as what it is on the disk, whatever becomes of it on another one.</summary>
    public static Place AsItLies(Place place) => place.Kind == ManifestItemKind.StaticAddress ? place with { Kind = ManifestItemKind.KeyTree } : place;

    /// <summary>The keys or folders above a thing, the uppermost first.</summary>
    public static IEnumerable<ManifestItem> Above(ManifestItem item)
    {
        bool isFile = item.Kind is ManifestItemKind.File or ManifestItemKind.Folder or ManifestItemKind.MasterKey;
        string[] parts = item.Path.Split(['\\'], StringSplitOptions.RemoveEmptyEntries);
        bool hasOwnKey = item.Kind is ManifestItemKind.Value or ManifestItemKind.ClassName;
        for (int count = 1; count <= parts.Length - (hasOwnKey ? 0 : 1); count++)
        {
            string path = string.Join("\\", parts.Take(count));
            yield return isFile
                ? new ManifestItem { Set = Set, Kind = ManifestItemKind.Folder, Path = GuestPath.Parse(path).ToString() }
                : Shell(item.Hive, path) with { IsSecret = item.IsSecret && count == parts.Length }; // a class name that is secret is the key's, too
        }
    }

    private static ManifestItem Tree(string key) =>
        new() { Set = Set, Kind = ManifestItemKind.KeyTree, Hive = HiveName.Security, Path = key, IsSecret = true };

    private static ManifestItem Shell(HiveName hive, string key) => new() { Set = Set, Kind = ManifestItemKind.KeyShell, Hive = hive, Path = key };
}
