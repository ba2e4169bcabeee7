using VmUpdate.Conformance;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Support;

namespace VmUpdate.Libvirt.Tests.Support;

/// <summary>libvirt's own mock driver with machines from a file: each connection has them for itself, and nothing of them is real.</summary>
internal sealed class MockHost : IConformanceHost
{
    private readonly TempFolder _folder = new();

    internal MockHost(int machines = 1)
    {
        Require();
        var ids = Enumerable.Range(0, machines).Select(_ => Guid.NewGuid()).ToList();
        File.WriteAllText(_folder.File("node.xml"), $"<node>{string.Concat(ids.Select((id, index) => Describe($"vm{index}", id, MakeDisk($"disk{index}"))))}</node>");
        Libvirt = LibvirtHypervisor.Open("test://" + _folder.File("node.xml"), new LibvirtOptions { Files = new HostFileSystem() });
        Vm = new VmKey(Libvirt.HostId, ids[0]);
    }

    internal LibvirtHypervisor Libvirt { get; }

    /// <summary>Skips the test where libvirt's library is not installed; in CI it fails.</summary>
    internal static void Require() => Judges.Require(
        File.Exists("/usr/lib/x86_64-linux-gnu/libvirt.so.0") || File.Exists("/usr/lib/aarch64-linux-gnu/libvirt.so.0"), "The library libvirt.so.0 is not installed.");

    public IHypervisor Hypervisor => Libvirt;

    public IHypervisor Other => Libvirt;

    public VmKey Vm { get; }

    public string GuestName => string.Empty;

    public string? CannotBecause(Ability ability) => ability switch
    {
        Ability.GuestName => "libvirt's mock driver has no guest agent",
        Ability.GuestPort => "libvirt's mock driver has no channels",
        Ability.IgnoredShutdown => "libvirt's mock machines shut down at once",
        Ability.Load => "libvirt's mock driver does not tell its memory",
        Ability.Removal => "libvirt's mock machines are reached by the connection that is tested only",
        _ => null,
    };

    public string MakeDisk(string name)
    {
        string path = _folder.File(name + ".raw");
        File.WriteAllBytes(path, []);
        return path;
    }

    public Task RemoveMachineAsync() => throw new NotSupportedException();

    public Task IgnoreShutdownAsync() => throw new NotSupportedException();

    public Task EchoAsync() => throw new NotSupportedException();

    public ValueTask DisposeAsync()
    {
        Libvirt.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>5 is the number of "shut off".</summary>
    private static string Describe(string name, Guid id, string disk) => $"""
        <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
          <name>{name}</name>
          <uuid>{id}</uuid>
          <memory unit='MiB'>512</memory>
          <vcpu>1</vcpu>
          <os><type>hvm</type></os>
          <devices>
            <disk type='file' device='disk'><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
          </devices>
          <test:runstate>5</test:runstate>
        </domain>
        """;
}
