using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <content>Steps beside the carried things themselves: what stands above them, new names, and what must hold of all steps.</content>
internal sealed partial class SetPlanner
{
    /// <summary>Adds the keys or folders above a carried thing that the master lacks, the uppermost first.</summary>
    private void AddParents(IdentitySet set, Place place, List<PlannedStep> steps)
    {
        if (place.Entry is not null)
        {
            AddFolder(set, GuestPath.Parse(place.Path).Parent, steps);
            return;
        }

        string[] parts = place.Path.Split('\\');
        bool isItsOwnKey = place.Kind is ManifestItemKind.KeyTree or ManifestItemKind.LsaSecret;
        for (int count = 1; count <= parts.Length - (isItsOwnKey ? 1 : 0); count++)
        {
            string path = string.Join("\\", parts.Take(count));
            if (!RegistryPlaces.Find(_master, place.Item.Hive, path).Any() && _shells.Add(ShellKey(ManifestItemKind.KeyShell, place.Item.Hive, path)))
            {
                steps.Add(new PlannedStep(
                    set.Id, ManifestAction.Write, ManifestItemKind.KeyShell, place.Item.Hive, path, string.Empty, false, 0));
            }
        }
    }

    private void AddFolder(IdentitySet set, GuestPath folder, List<PlannedStep> steps)
    {
        if (folder.Equals(GuestPath.Root) || _master.Volume.Find(folder) is { IsDirectory: true } || !_shells.Add(ShellKey(ManifestItemKind.Folder, default, folder.ToString())))
        {
            return;
        }

        AddFolder(set, folder.Parent, steps);
        steps.Add(new PlannedStep(
            set.Id, ManifestAction.Write, ManifestItemKind.Folder, default, folder.ToString(), string.Empty, false, 0));
    }

    private static string ShellKey(ManifestItemKind kind, HiveName hive, string path) => $"{kind}|{hive}|{path}";

    /// <summary>The first carried thing that is owned by an account of the old machine which the new disk does not know.</summary>
    private string? FindForeignOwner(List<PlannedStep> steps)
    {
        if (_old.MachineSid is not { } sid)
        {
            return null;
        }

        bool isSameMachine = sid.Equals(_master.MachineSid);
        foreach (PlannedStep step in steps)
        {
            uint? account = sid.RelativeId(SecurityOwner.Of(DescriptorOf(step)));
            if (account is { } id && !(isSameMachine && MachineSid.HasAccount(_master, id)))
            {
                return step.Path;
            }
        }

        return null;
    }

    private byte[] DescriptorOf(PlannedStep step) => step.Kind switch
    {
        ManifestItemKind.File or ManifestItemKind.Folder or ManifestItemKind.MasterKey => _old.Volume.GetSecurityDescriptor(GuestPath.Parse(step.Path)),
        ManifestItemKind.KeyTree or ManifestItemKind.KeyShell or ManifestItemKind.LsaSecret =>
            RegistryPlaces.Find(_old, step.Hive, step.Path).First().Key.GetSecurityDescriptor(),
        _ => [],
    };

    private SetDecision DecideRename(IdentitySet set)
    {
        var steps = new List<PlannedStep>();
        string? obstacle = FindObstacle(set);
        if (obstacle is null && Master.IsGeneralized && set.Specialize == SpecializeRule.FirstBoot)
        {
            return DecideRenameLater(set);
        }

        if (obstacle is null)
        {
            foreach (IdentityItem item in set.Items)
            {
                AddRenames(set, item, steps);
            }
        }

        _steps.AddRange(steps);
        return steps.Count > 0
            ? new SetDecision(set.Id, set.Verb, SetOutcome.Carried, set.Reason, steps.Count, 0)
            : new SetDecision(set.Id, set.Verb, SetOutcome.Kept, obstacle ?? "The master has no file that is to take another name.", 0, 0);
    }

    private void AddRenames(IdentitySet set, IdentityItem item, List<PlannedStep> steps)
    {
        if (SuffixOn(_old, item) is not { } carried || SuffixOn(_master, item) is not { } present
            || string.Equals(carried, present, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        foreach (NtfsEntry folder in item.Path.Enumerate(_master).Where(entry => entry.IsDirectory))
        {
            foreach (NtfsEntry file in _master.Volume.Enumerate(folder.Path).Where(entry => !entry.IsDirectory))
            {
                string name = file.Path.Name;
                if (!name.EndsWith(present, StringComparison.OrdinalIgnoreCase))
                {
                    continue;
                }

                GuestPath target = folder.Path.Append(name.Substring(0, name.Length - present.Length) + carried);
                if (_master.Volume.Find(target) is not null)
                {
                    throw Clash(set.Id, $"the master's {file.Path} is to be renamed to {target.Name}, and the master has that name already.");
                }

                steps.Add(new PlannedStep(
                    set.Id, ManifestAction.Rename, ManifestItemKind.File, default, file.Path.ToString(), target.ToString(), false, 0));
            }
        }
    }

    /// <summary>What follows the first <c>_</c> in a key container's name: a machine's GUID, as its hive spells it.</summary>
    private static string? SuffixOn(GuestDisk disk, IdentityItem item)
    {
        RegistryValue? value = RegistryPlaces.Find(disk, item.Hive, item.Key).Select(found => found.Key.FindValue(item.Value)).FirstOrDefault();
        if (value is null)
        {
            return null;
        }

        string text = GuestDisk.TextOf(value);
        return Guid.TryParse(text, out _) ? "_" + text : throw new IdentityException(
            IdentityFailure.HiveIncomplete, disk.Subject, $"the value {item.Value} is not a GUID, so no file can be named by it.", item.Key);
    }

    /// <summary>A disk may be read though its dirty flag is set; a child of such a master could not be written, hours later.</summary>
    private void RequireServiceable()
    {
        if (_master.Volume.ServiceState == NtfsServiceState.Dirty)
        {
            throw new DiskFormatException(
                DiskFormatDefect.VolumeDirty,
                "$VOLUME_INFORMATION",
                -1,
                "the dirty flag is set, so no child of this disk may be written; start its machine once, let chkdsk run, and shut it down.",
                _master.Subject);
        }

        if (_old.Volume.ServiceState == NtfsServiceState.Dirty)
        {
            _warnings.Add("The old disk's dirty flag is set: what is read from it may lack its last changes.");
        }
    }

    /// <summary>A set that a machine is not moved with, unless its administrator says what becomes of it.</summary>
    private void RequireAbsent(IdentitySet set)
    {
        if (set.Items.FirstOrDefault(item => item.Old != OldVerb.Carry && SetPlaces.Any(_old, item, set.Exclude)) is { } found)
        {
            bool isAddress = set.Refuses == Refusal.StaticAddress;
            string what = isAddress ? string.Join("; ", StaticAddress.Read(_old)) : found.Name;
            throw new IdentityException(
                isAddress ? IdentityFailure.StaticAddress : IdentityFailure.ManagedByOther,
                _old.Subject,
                $"it holds {set.Title.Substring(0, 1).ToLowerInvariant()}{set.Title.Substring(1)} ({what}). {set.Reason}",
                set.Id);
        }
    }

    private void RequireNoClash()
    {
        var written = new HashSet<string>(
            _steps.Where(step => step is { Action: ManifestAction.Write, Kind: ManifestItemKind.File }).Select(step => step.Path),
            StringComparer.OrdinalIgnoreCase);
        if (_steps.FirstOrDefault(step => step.Action == ManifestAction.Rename && written.Contains(step.Name)) is { } clash)
        {
            throw Clash(clash.Set, $"the master's {clash.Path} is to be renamed to {clash.Name}, and a file of that name is carried.");
        }
    }

    private void RequireRoom()
    {
        long cluster = _master.Volume.ClusterSize;
        long needed = _steps.Where(step => step is { Action: ManifestAction.Write, Kind: ManifestItemKind.File or ManifestItemKind.MasterKey })
            .Sum(step => ((step.Bytes + cluster - 1) / cluster * cluster) + cluster);
        if (needed > _master.Volume.FreeBytes)
        {
            throw new IdentityException(
                IdentityFailure.NoRoomOnVolume,
                _master.Subject,
                $"the files to carry need {needed} bytes, and its Windows volume has {_master.Volume.FreeBytes} left.");
        }
    }

    private IdentityException Clash(string set, string message) => new(IdentityFailure.NameClash, _master.Subject, message, set);
}
