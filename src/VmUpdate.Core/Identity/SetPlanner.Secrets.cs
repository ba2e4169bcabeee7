using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity;

/// <content>What must hold before sealed things are carried: found out while nothing is written yet.</content>
internal sealed partial class SetPlanner
{
    /// <summary>Why a sealed thing of a set cannot leave its disk.</summary>
    private string? FindSealed(IdentitySet set)
    {
        bool hasSecret = set.Items.Any(item => item is { Kind: IdentityItemKind.LsaSecret, Old: OldVerb.Carry or OldVerb.Ask });
        return !hasSecret || !_old.HasHive(HiveName.Security) ? null : set.Items
            .Where(item => item.Kind == IdentityItemKind.LsaSecret)
            .Select(item => LsaSecretTransfer.FindObstacle(_old.OpenHive(HiveName.Security), item.Name))
            .FirstOrDefault(obstacle => obstacle is not null);
    }

    /// <summary>
    /// Whether a set that depends on this one will be carried, as far as can be told: sets that are decided later count as carried, so that
    /// at worst something is carried that nobody needs.
    /// </summary>
    private bool IsNeeded(IdentitySet set)
    {
        var decided = new HashSet<string>(_decisions.Select(decision => decision.Set), StringComparer.Ordinal);
        return _catalogue.Sets.Any(other => other.IsEnabled
            && other.DependsOn.Contains(set.Id)
            && IsWanted(other)
            && other.DependsOn.All(needed => !decided.Contains(needed) || _carried.Contains(needed))
            && FindUnmet(other) is null
            && other.Items.Where(item => item.IsRequired).All(item => SetPlaces.Any(_old, item, other.Exclude))
            && other.Items.Any(item => SetPlaces.Any(_old, item, other.Exclude)));
    }

    /// <summary>Opens what can be opened quickly: the keys of both disks, secrets, and the headers of master keys.</summary>
    private void RequireSealable(List<Place> places)
    {
        if (places.Any(place => place.Kind == ManifestItemKind.LsaSecret))
        {
            using GuestSecrets old = GuestSecrets.Open(_old);
            using GuestSecrets master = GuestSecrets.Open(_master);
            foreach (Place place in places.Where(place => place.Kind == ManifestItemKind.LsaSecret))
            {
                LsaSecretTransfer.RequireReadable(old, place.Item.Name);
                if (place.Item.Name == DpapiSystem.SecretName)
                {
                    DpapiSystem.Read(old).Dispose();
                    WarnOfReplacement();
                }
            }
        }

        if (places.Any(place => place.Kind == ManifestItemKind.MasterKey))
        {
            new MasterKeyTransfer(_old, _master).Dispose();
            foreach (Place place in places.Where(place => place.Kind == ManifestItemKind.MasterKey))
            {
                MasterKeyStore.Read(_old, place.Entry!);
            }
        }
    }

    private void WarnOfReplacement()
    {
        IReadOnlyList<NtfsEntry> closed = DpapiReplacement.FindClosed(_master);
        if (closed.Count > 0)
        {
            _warnings.Add(
                $"DPAPI_SYSTEM of the master is replaced: {closed.Count} files of the master stop opening: "
                + $"{string.Join(", ", closed.Select(entry => entry.Path))}.");
        }
    }
}
