using VmUpdate.Conformance;
using VmUpdate.Core.Machines;
using VmUpdate.Simulation.Guests;
using VmUpdate.Simulation.Machines;

namespace VmUpdate.Lab.Tests;

/// <summary>The suite of every host, on a lab.</summary>
public sealed class LabConformanceTests : HypervisorConformance
{
    protected override async Task<IConformanceHost> CreateAsync() => new LabHost(await SwapWorld.CreateAsync());

    private sealed class LabHost(SwapWorld world) : IConformanceHost
    {
        private readonly CancellationTokenSource _end = new();
        private readonly LabHypervisor _portLab = LabHypervisor.Open(world.Lab.Folder, new LabOptions { Files = new VmUpdate.DiskFormats.Blocks.HostFileSystem() });

        public IHypervisor Hypervisor => world.Lab;

        public IHypervisor Other { get; } = LabHypervisor.Open(
            world.Lab.Folder, new LabOptions { Files = new VmUpdate.DiskFormats.Blocks.HostFileSystem(), Clock = world.Clock });

        public VmKey Vm => world.Vm;

        public string GuestName => "PC-01";

        public string? CannotBecause(Ability ability) => null;

        public string MakeDisk(string name)
        {
            string path = Path.Combine(world.Lab.DiskFolder, name + ".vhdx");
            File.Copy(world.V2, path);
            return path;
        }

        /// <summary>A lab takes away only what is marked as made for a piece of work.</summary>
        public async Task RemoveMachineAsync()
        {
            await world.Lab.SetMarkAsync(world.Vm, VmMarks.Build, "test", CancellationToken.None);
            await world.Lab.RemoveAsync(world.Vm, CancellationToken.None);
        }

        public Task IgnoreShutdownAsync() => world.Lab.SetBehaviorAsync(world.Vm, new LabBehavior { ShutdownHangs = true }, CancellationToken.None);

        /// <summary>The same lab by a clock that goes: the world's own stands still while nobody waits.</summary>
        public IGuestPort GuestPort => _portLab;

        public async Task EchoAsync()
        {
            await world.Lab.SetChannelAsync(world.Vm, true, CancellationToken.None);
            _ = Task.Run(() => EchoAsync(world.Lab.ChannelPath(world.Vm), _end.Token));
        }

        public ValueTask DisposeAsync()
        {
            _end.Cancel();
            world.Dispose();
            return ValueTask.CompletedTask;
        }

        /// <summary>An agent that only sends back, and connects whenever it can.</summary>
        private static async Task EchoAsync(string path, CancellationToken end)
        {
            while (!end.IsCancellationRequested)
            {
                try
                {
                    using Stream channel = await LabChannelEnd.ConnectAsync(path, end);
                    await channel.CopyToAsync(channel, end);
                }
                catch (IOException)
                {
                    await Task.Delay(10, end);
                }
            }
        }
    }
}
