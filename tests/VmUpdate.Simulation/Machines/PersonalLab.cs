using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Lab;

namespace VmUpdate.Simulation.Machines;

/// <summary>Labs of personal machines for the broker, quickly made: their disks have nothing on them, and a host looks no further into them.</summary>
public static class PersonalLab
{
    private static readonly VmPowerState[] States = [VmPowerState.Saved, VmPowerState.Off, VmPowerState.Running, VmPowerState.Paused];

    /// <summary>Hundredths of a second for everything.</summary>
    public static LabTimings Fast { get; } = new()
    {
        Start = TimeSpan.FromMilliseconds(20),
        Restore = TimeSpan.FromMilliseconds(10),
        ShutDown = TimeSpan.FromMilliseconds(20),
        Save = TimeSpan.FromMilliseconds(10),
        Guest = TimeSpan.FromMilliseconds(20),
        Searching = TimeSpan.FromMilliseconds(20),
        Downloading = TimeSpan.FromMilliseconds(20),
        Applying = TimeSpan.FromMilliseconds(60),
        Away = TimeSpan.FromMilliseconds(60),
        Restart = TimeSpan.FromMilliseconds(60),
    };

    /// <summary>Makes a lab with machines that are declared personal in its store; Saved, Off, Running and Paused in turn.</summary>
    /// <param name="folder">The lab's folder.</param>
    /// <param name="machines">How many machines.</param>
    /// <param name="timings">How long they take.</param>
    /// <returns>What the machines are known by.</returns>
    public static async Task<IReadOnlyList<VmKey>> CreateAsync(string folder, int machines, LabTimings? timings = null)
    {
        LabHypervisor lab = LabHypervisor.Create(folder, "lab", timings ?? Fast, new LabOptions { Files = new HostFileSystem() });
        List<VmKey> keys = [.. Enumerable.Range(1, machines).Select(number => Add(lab, $"DESK-{number:000}"))];
        for (int i = 0; i < machines; i++)
        {
            await lab.SetStateAsync(keys[i], States[i % States.Length], CancellationToken.None);
        }

        using VmUpdateStore store = OpenStore(lab);
        store.Write(t => keys.ForEach(vm => t.SaveMachine(new MachineRecord(vm, $"{vm.VmId}", MachineRole.Personal, null))));
        return keys;
    }

    /// <summary>Opens a lab's store.</summary>
    /// <param name="lab">The lab.</param>
    /// <returns>The store.</returns>
    public static VmUpdateStore OpenStore(LabHypervisor lab) => VmUpdateStore.Open(lab.StoreFolder, new StoreOptions { Files = new HostFileSystem() });

    private static VmKey Add(LabHypervisor lab, string name)
    {
        string path = Path.Combine(lab.DiskFolder, $"{name}.vhdx");
        using (VhdxDisk disk = VhdxDisk.CreateDynamic(path, 32L << 20, new VhdxCreateOptions { Files = new HostFileSystem(), NewGuid = Guid.NewGuid }))
        {
            disk.Complete();
        }

        return lab.AddMachine(name, [new LabDisk(DiskController.Scsi, 0, 0, path, 0)]);
    }
}
