using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;

namespace VmUpdate.Core.Identity;

/// <summary>Carries a machine's identity from its old disk to a new one, as the catalogue says. Holds no state of its own.</summary>
public sealed class IdentityTransfer
{
    /// <summary>Makes the service.</summary>
    /// <param name="catalogue">What counts as identity.</param>
    public IdentityTransfer(IdentityCatalogue catalogue) => Catalogue = catalogue;

    /// <summary>What counts as identity.</summary>
    public IdentityCatalogue Catalogue { get; }

    /// <summary>Says what a swap would carry, remove and leave. Changes nothing.</summary>
    /// <param name="old">The machine's present disk.</param>
    /// <param name="master">The new master, or a fresh child of it.</param>
    /// <param name="options">What the administrator decided.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="IdentityException">The swap cannot keep the machine's identity; the cause says why.</exception>
    /// <exception cref="DiskFormatException">A disk is damaged.</exception>
    public IdentityPlan Plan(GuestDisk old, GuestDisk master, IdentityOptions options)
    {
        var planner = new SetPlanner(Catalogue, old, master, options);
        planner.Run(null);
        return new IdentityPlan(planner.Decisions, planner.Warnings, planner.Master);
    }

    /// <summary>Copies out of the old disk what the plan carries.</summary>
    /// <param name="old">The machine's present disk, powered off.</param>
    /// <param name="master">The new master, or a fresh child of it.</param>
    /// <param name="plan">The plan; a set that it does not carry is not carried. What changed since on the old disk counts as it is now.</param>
    /// <param name="options">What the administrator decided.</param>
    /// <returns>The bundle, to be disposed. Files are read from the old disk when a store keeps it.</returns>
    /// <exception cref="IdentityException">The swap cannot keep the machine's identity; the cause says why.</exception>
    /// <exception cref="DiskFormatException">A disk is damaged.</exception>
    public IdentityBundle Preserve(GuestDisk old, GuestDisk master, IdentityPlan plan, IdentityOptions options)
    {
        var planner = new SetPlanner(Catalogue, old, master, options);
        planner.Run(plan);
        byte[] hashKey = StoreKey.Random(IdentityHash.KeySize);
        var payload = new LivePayload();
        var items = new List<ManifestItem>();
        foreach (PlannedStep step in planner.Steps.OrderBy(OrderOf))
        {
            items.Add(step.Content is null
                ? Capture(step.ToItem(), old, master, payload, hashKey)
                : Make(step, master, options.UtcNow(), payload, hashKey));
        }

        IReadOnlyList<ManifestItem> source = PortableBundle.SourceOf(old, Catalogue, items, payload, hashKey);
        var manifest = new IdentityManifest
        {
            BundleId = options.NewGuid(),
            VmId = options.VmId,
            VmName = options.VmName,
            TakenUtc = options.UtcNow(),
            OldDisk = old.Subject,
            MasterDisk = master.Subject,
            WindowsFolder = old.WindowsFolder.ToString(),
            MachineSecretSetUtc = PortableBundle.MachineSecretTime(old, items),
            Decisions = planner.Decisions,
            Items = items,
            Source = source,
            HashKey = hashKey,
        };
        return new IdentityBundle(manifest, payload);
    }

    /// <summary>Copies out of a disk all of its sets that might be carried to a new disk one day, of whatever master. Users' files are not among them.</summary>
    /// <param name="disk">The disk, powered off.</param>
    /// <param name="options">Whose disk it is, and which sets are left out.</param>
    /// <returns>The bundle, to be disposed. Files are read from the disk when the bundle is written.</returns>
    /// <exception cref="IdentityException">A secret does not open under the disk's own keys, or there is too much.</exception>
    /// <exception cref="DiskFormatException">The disk is damaged.</exception>
    public IdentityBundle Take(GuestDisk disk, IdentityOptions options) => PortableBundle.Take(disk, Catalogue, options);

    /// <summary>
    /// Writes a bundle to a new disk: removes, renames, carries. Safe to repeat on the same disk. Nothing is committed:
    /// <see cref="GuestDisk.Commit"/> is the caller's.
    /// </summary>
    /// <param name="fresh">The new disk, a child of the master the bundle was made for, open for writing.</param>
    /// <param name="bundle">The bundle.</param>
    /// <exception cref="IdentityException">The new disk is not as the plan found the master.</exception>
    /// <exception cref="DiskFormatException">The new disk cannot be written.</exception>
    public void Restore(GuestDisk fresh, IdentityBundle bundle)
    {
        Apply(fresh, bundle.Manifest.Items, bundle.Payload);
    }

    /// <summary>Carries out steps in their order.</summary>
    internal static void Apply(GuestDisk fresh, IReadOnlyList<ManifestItem> items, IBundlePayload payload)
    {
        foreach (ManifestItem item in items)
        {
            switch (item.Action)
            {
                case ManifestAction.Write:
                    ItemKind.Of(item).Write(fresh, item, payload);
                    break;
                case ManifestAction.Remove:
                    ItemKind.Of(item).Remove(fresh, item);
                    break;
                case ManifestAction.Rename:
                    Rename(fresh, item);
                    break;
            }
        }

        // The deepest last: a folder's own times are the last thing that changes in it.
        foreach (ManifestItem item in items.Where(item => item is { Kind: ManifestItemKind.Folder, Action: ManifestAction.Write }))
        {
            FolderKind.Finish(fresh, item);
        }
    }

    /// <summary>Compares a new disk with a bundle, item by item, what was removed and renamed too.</summary>
    /// <param name="result">The new disk, through a fresh read-only open.</param>
    /// <param name="bundle">The bundle.</param>
    /// <exception cref="IdentityException"><see cref="IdentityFailure.ResultDiffers"/>, naming the first difference.</exception>
    /// <exception cref="DiskFormatException">The new disk cannot be read.</exception>
    public void Verify(GuestDisk result, IdentityBundle bundle)
    {
        byte[] hashKey = bundle.Manifest.HashKey;
        foreach (ManifestItem item in bundle.Manifest.Items)
        {
            ManifestItem place = item.Action == ManifestAction.Rename ? item with { Path = item.Name } : item;
            if (ItemKind.Of(item).HashOn(result, place, hashKey) != item.ResultHash)
            {
                throw Differs(result, item, item.ResultHash is null ? "it should be gone and is there." : "it is not what was to be written.");
            }

            if (item.Action == ManifestAction.Write)
            {
                ItemKind.Of(item).RequireUsable(result, item);
            }

            if (item.Action == ManifestAction.Rename && ItemKind.Of(item).HashOn(result, item, hashKey) is not null)
            {
                throw Differs(result, item, "it should have another name and is there under the old one.");
            }
        }
    }

    private static ManifestItem Make(PlannedStep step, GuestDisk master, DateTime utcNow, LivePayload payload, byte[] hashKey)
    {
        ManifestItem item = step.ToItem();
        using SecretBuffer content = step.Content!();
        item = item with { MasterHash = ItemKind.Of(item).HashOn(master, item, hashKey) };
        return GeneratedFileKind.Capture(item, content, utcNow, payload, hashKey);
    }

    private static ManifestItem Capture(ManifestItem item, GuestDisk old, GuestDisk master, LivePayload payload, byte[] hashKey)
    {
        ItemKind kind = ItemKind.Of(item);
        item = item with { MasterHash = kind.HashOn(master, item, hashKey) };
        return item.Action switch
        {
            ManifestAction.Write => WithResult(kind.Capture(old, master, item, payload, hashKey)),
            ManifestAction.Rename => item with { ResultHash = item.MasterHash },
            _ => item with { OldHash = kind.HashOn(old, item, hashKey) },
        };

        static ManifestItem WithResult(ManifestItem captured) => captured with { ResultHash = captured.ResultHash ?? captured.OldHash };
    }

    private static void Rename(GuestDisk fresh, ManifestItem item)
    {
        var from = GuestPath.Parse(item.Path);
        var to = GuestPath.Parse(item.Name);
        if (fresh.Volume.Find(from) is { } entry)
        {
            fresh.Volume.Rename(entry.Path, to);
        }
        else if (fresh.Volume.Find(to) is null)
        {
            throw new IdentityException(
                IdentityFailure.ResultDiffers, fresh.Subject, $"{item.Path}, which is to take another name, is not on the new disk.", item.Set);
        }
    }

    // Removals make room for names, renames too; a folder comes before what it holds, as planned.
    private static int OrderOf(PlannedStep step) => step.Action switch
    {
        ManifestAction.Remove => 0,
        ManifestAction.Rename => 1,
        _ => 2,
    };

    private static IdentityException Differs(GuestDisk disk, ManifestItem item, string message)
    {
        string place = item.Kind is ManifestItemKind.File or ManifestItemKind.Folder or ManifestItemKind.MasterKey or ManifestItemKind.GeneratedFile
            ? item.Path
            : $"{item.Hive.ToString().ToUpperInvariant()}\\{item.Path}{(item.Kind == ManifestItemKind.Value ? " : " + item.Name : string.Empty)}";
        return new IdentityException(IdentityFailure.ResultDiffers, disk.Subject, $"{place}: {message}", item.Set);
    }
}
