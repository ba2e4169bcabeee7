using VmUpdate.Conformance;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>The small Hyper-V with one machine, reached by the schema-checked client from two sides. What violates the schema fails the test.</summary>
internal sealed class SmallHost : IConformanceHost
{
    private readonly TempFolder _folder = new();
    private readonly List<SchemaCheckedClient> _clients = [];

    internal SmallHost(bool isGeneration2 = true)
    {
        Machine = Small.Add(new SmallVm
        {
            IsGeneration2 = isGeneration2,
            Disks = { new SmallDisk { Path = MakeDisk("first"), IsIde = !isGeneration2 } },
        });
        HyperV = Open();
        Other = Open();
        Vm = new VmKey(HyperV.HostId, Machine.Id);
    }

    internal SmallHyperV Small { get; } = new();

    internal SmallVm Machine { get; }

    internal HyperVHypervisor HyperV { get; }

    public IHypervisor Hypervisor => HyperV;

    public IHypervisor Other { get; }

    public VmKey Vm { get; }

    public string GuestName => Machine.GuestName;

    public string? CannotBecause(Ability ability) => null;

    public string MakeDisk(string name)
    {
        string path = _folder.File(name + ".vhdx");
        File.WriteAllBytes(path, []);
        return path;
    }

    public Task RemoveMachineAsync()
    {
        Small.Vms.Remove(Machine);
        return Task.CompletedTask;
    }

    public Task IgnoreShutdownAsync()
    {
        Machine.IgnoresShutdown = true;
        return Task.CompletedTask;
    }

    public Task EchoAsync()
    {
        Machine.Agent = new SmallAgent();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        Assert.All(_clients, client => Assert.Empty(client.Violations));
        return ValueTask.CompletedTask;
    }

    private HyperVHypervisor Open()
    {
        var client = new SchemaCheckedClient(Small.Connect());
        _clients.Add(client);
        return HyperVHypervisor.OpenAsync(client, Options(Small), CancellationToken.None).GetAwaiter().GetResult();
    }

    internal static HyperVOptions Options(SmallHyperV small) => new() { Files = new HostFileSystem(), Clock = small.Clock, Sessions = () => small.Sessions };
}
