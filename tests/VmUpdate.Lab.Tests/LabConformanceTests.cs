using VmUpdate.Conformance;
using VmUpdate.Core.Machines;
using VmUpdate.Simulation.Machines;

namespace VmUpdate.Lab.Tests;

/// <summary>The suite of every host, on a lab.</summary>
public sealed class LabConformanceTests : HypervisorConformance
{
    protected override async Task<IConformanceHost> CreateAsync() => new LabHost(await SwapWorld.CreateAsync());

    private sealed class LabHost(SwapWorld world) : IConformanceHost
    {
        public IHypervisor Hypervisor => world.Lab;

        public IHypervisor Other { get; } = LabHypervisor.Open(
            world.Lab.Folder, new LabOptions { Files = new VmUpdate.DiskFormats.Blocks.HostFileSystem(), Clock = world.Clock });

        public VmKey Vm => world.Vm;

        public string GuestName => "PC-01";

        public string? CannotBecause(Ability ability) => ability == Ability.Removal ? "a lab's machines are not taken away" : null;

        public string MakeDisk(string name)
        {
            string path = Path.Combine(world.Lab.DiskFolder, name + ".vhdx");
            File.Copy(world.V2, path);
            return path;
        }

        public Task RemoveMachineAsync() => throw new NotSupportedException();

        public Task IgnoreShutdownAsync() => world.Lab.SetBehaviorAsync(world.Vm, new LabBehavior { ShutdownHangs = true }, CancellationToken.None);

        public ValueTask DisposeAsync()
        {
            world.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
