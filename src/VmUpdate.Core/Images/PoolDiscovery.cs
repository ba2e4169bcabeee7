using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <summary>Finds out from the disks of undeclared machines which of them are made from one master. Nothing is changed.</summary>
internal static class PoolDiscovery
{
    public static async Task<PoolDiscoveryResult> RunAsync(
        PoolService pools, IReadOnlyList<MachineInfo> machines, IDiskServices services, CancellationToken cancellation)
    {
        var masters = new List<(string Path, MachineInfo Machine)>();
        var unread = new List<(MachineInfo Machine, VmUpdateException Failure)>();
        foreach (MachineInfo machine in machines.Where(machine => machine.Role == MachineRole.Ignored))
        {
            try
            {
                string path = (await pools.GetBootDiskAsync(machine.Machine, cancellation).ConfigureAwait(false)).Path;
                if (FindMaster(path, services) is { } master)
                {
                    masters.Add((master, machine));
                }
            }
            catch (VmUpdateException failure)
            {
                unread.Add((machine, failure));
            }
        }

        return new PoolDiscoveryResult(Name(masters, pools.GetAll()), unread);
    }

    /// <summary>The last file of a disk's chain; <see langword="null"/> when the disk is a child of none.</summary>
    private static string? FindMaster(string path, IDiskServices services)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = services.Files, AllowedParentFolders = services.AllowedParentFolders });
        return disk.Chain.Count > 1 ? disk.Chain[disk.Chain.Count - 1].Path : null;
    }

    private static List<DiscoveredPool> Name(IReadOnlyList<(string Path, MachineInfo Machine)> masters, IReadOnlyList<PoolRecord> declared)
    {
        var taken = new HashSet<string>(declared.Select(pool => pool.Name), StringComparer.OrdinalIgnoreCase);
        var found = new List<DiscoveredPool>();
        foreach (IGrouping<string, MachineInfo> children in masters.GroupBy(child => child.Path, child => child.Machine))
        {
            PoolRecord? present = declared.FirstOrDefault(pool => HostPath.AreSame(pool.MasterPath, children.Key));
            found.Add(new DiscoveredPool(present?.Name ?? Fresh(Path.GetFileNameWithoutExtension(children.Key), taken), present is null, children.Key, [.. children]));
        }

        return [.. found.OrderBy(pool => pool.Name, StringComparer.OrdinalIgnoreCase)];
    }

    private static string Fresh(string name, HashSet<string> taken)
    {
        string fresh = name;
        for (int number = 2; !taken.Add(fresh); number++)
        {
            fresh = $"{name}-{number}";
        }

        return fresh;
    }
}
