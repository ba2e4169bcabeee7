using System.Diagnostics;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Machines;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Lab.Tests;

public sealed class LabFactoryTests
{
    private static readonly LabOptions Options = new() { Files = new HostFileSystem() };

    [Fact]
    public async Task A_new_lab_has_two_masters_and_machines_that_differ()
    {
        using var folder = new TempFolder();
        var watch = Stopwatch.StartNew();
        LabContents lab = await LabFactory.CreateAsync(
            folder.File("lab"), new LabPlan { PooledCount = 8, PersonalCount = 2 }, Options, CancellationToken.None);
        TestContext.Current.SendDiagnosticMessage($"a lab of 8 + 2 machines took {watch.ElapsedMilliseconds} ms");

        Assert.Equal(8, lab.Pooled.Count);
        Assert.Equal(2, lab.Personal.Count);
        Assert.Equal("1.0", SwapWorld.VersionOn(lab.PresentMaster));
        Assert.Equal("2.0", SwapWorld.VersionOn(lab.NextMaster));
        var seen = new HashSet<string>();
        foreach (VmKey vm in lab.Pooled.Concat(lab.Personal))
        {
            string path = (await lab.Lab.GetDisksAsync(vm, CancellationToken.None)).Single().Path;
            Assert.Equal("1.0", SwapWorld.VersionOn(path));
            Assert.True(seen.Add(string.Join('\n', SwapWorld.Describe(path))));
        }

        Assert.True((await lab.Lab.GetAsync(lab.Pooled[7], CancellationToken.None)).HasCheckpoints);
        using VmUpdateStore store = VmUpdateStore.Open(lab.Lab.StoreFolder, new StoreOptions { Files = new HostFileSystem() });
        Assert.Equal(8, store.GetMachines(lab.Lab.HostId).Count(machine => machine.Pool == lab.Pool));
    }

    [Fact]
    public async Task An_adopted_disk_stays_as_it_is()
    {
        using SwapWorld world = await SwapWorld.CreateAsync();
        string yours = Path.Combine(world.Folder, "yours.vhdx");
        File.Copy(world.V1, yours);
        string before = SwapWorld.Sha256(yours);

        VmKey vm = await LabFactory.AdoptAsync(world.Lab, "PC8", yours, "Mine", Options, CancellationToken.None);
        string path = await world.BootPathAsync(vm);
        Assert.NotEqual(yours, path);
        Assert.Equal(SwapWorld.Describe(yours), SwapWorld.Describe(path));
        await world.Lab.StartAsync(vm, CancellationToken.None);

        Assert.Equal(before, SwapWorld.Sha256(yours));
        Assert.Equal("Mine", world.Store.FindMachine(vm)!.Pool);
    }
}
