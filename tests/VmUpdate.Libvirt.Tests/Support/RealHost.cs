using VmUpdate.Conformance;
using VmUpdate.Core.Machines;

namespace VmUpdate.Libvirt.Tests.Support;

/// <summary>One emulated machine with the tiny guest, on real QEMU.</summary>
internal sealed class RealHost : IConformanceHost
{
    private readonly string _disks;
    private readonly string _name;
    private readonly string _diskXml;
    private readonly string _metadata;

    private RealHost(string disks, string? vhdx)
    {
        _disks = disks;
        Vm = new VmKey(Libvirt.HostId, Guid.NewGuid());
        _name = "vm-" + Vm.VmId.ToString("N")[..6];
        string socket = Path.Combine(RealLibvirt.Root, "nbd", _name + ".sock");
        _diskXml = vhdx is null
            ? $"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{MakeDisk("first")}'/><target dev='vda' bus='virtio'/></disk>"
            : $"<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='os'><host transport='unix' socket='{socket}'/></source><target dev='vda' bus='virtio'/></disk>";
        _metadata = vhdx is null ? string.Empty : $"<metadata><u:disks xmlns:u='urn:vmupdate:disks'><u:disk target='vda' file='{System.Security.SecurityElement.Escape(vhdx)}'/></u:disks></metadata>";
    }

    internal static LibvirtHypervisor Libvirt => RealLibvirt.Host;

    internal string Name => _name;

    public IHypervisor Hypervisor => Libvirt;

    public IHypervisor Other => RealLibvirt.Other;

    public VmKey Vm { get; }

    public string GuestName => "pc-" + _name;

    /// <summary>Makes the machine, off.</summary>
    /// <param name="arguments">Words for the guest's command line.</param>
    /// <param name="vhdx">The VHDX file of its disk; a raw file of its own when <see langword="null"/>.</param>
    internal static Task<RealHost> CreateAsync(string arguments = "", string? vhdx = null) => Task.Run(() =>
    {
        RealLibvirt.Require();
        string disks = Path.Combine(RealLibvirt.Root, "disks", Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(disks);
        var host = new RealHost(disks, vhdx);
        host.Define(arguments);
        return host;
    });

    public string? CannotBecause(Ability ability) => null;

    public string MakeDisk(string name)
    {
        string path = Path.Combine(_disks, name + ".raw");
        using FileStream file = File.Create(path);
        file.SetLength(4 << 20);
        return path;
    }

    public Task RemoveMachineAsync() => Task.Run(() => RawLibvirt.Remove(Vm.VmId));

    public Task IgnoreShutdownAsync() => Task.Run(() => Define("noagent"));

    public Task EchoAsync() => Task.Run(() => Define("echo"));

    public ValueTask DisposeAsync()
    {
        RawLibvirt.Remove(Vm.VmId);
        return ValueTask.CompletedTask;
    }

    private void Define(string arguments) => RawLibvirt.Define($"""
        <domain type='qemu'>
          <name>{_name}</name>
          <uuid>{Vm.VmId}</uuid>
          {_metadata}
          <memory unit='MiB'>128</memory>
          <vcpu>1</vcpu>
          <os>
            <type arch='x86_64' machine='q35'>hvm</type>
            <kernel>{TinyGuest.Kernel}</kernel>
            <initrd>{TinyGuest.Initrd}</initrd>
            <cmdline>console=ttyS0 quiet name={GuestName} {arguments}</cmdline>
          </os>
          <features><acpi/></features>
          <devices>
            <emulator>/usr/bin/qemu-system-x86_64</emulator>
            {_diskXml}
            <controller type='usb' model='none'/>
            <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
            <channel type='unix'><source mode='bind'/><target type='virtio' name='org.vmupdate.trigger.0'/></channel>
            <memballoon model='none'/>
          </devices>
        </domain>
        """);
}
