using System.Security;

namespace VmUpdate.RealQemu;

/// <summary>An emulated machine with the tiny guest.</summary>
/// <param name="libvirtd">Where.</param>
/// <param name="name">Its name; its guest is called <c>pc-</c> and this.</param>
internal sealed class RealMachine(PrivateLibvirtd libvirtd, string name) : IDisposable
{
    /// <summary>Its id.</summary>
    internal Guid Id { get; } = Guid.NewGuid();

    /// <summary>Its name.</summary>
    internal string Name => name;

    /// <summary>What its guest calls itself.</summary>
    internal string GuestName => "pc-" + name;

    /// <summary>The socket of the channel of its trigger agent.</summary>
    internal string Port => Path.Combine(libvirtd.Root, "ports", name);

    /// <summary>Describes it to libvirt, anew when it is known already.</summary>
    /// <param name="disk">The VHDX file of its disk.</param>
    /// <param name="arguments">Words for the guest's command line.</param>
    internal void Define(string disk, string arguments = "")
    {
        libvirtd.Define($"""
            <domain type='qemu'>
              <name>{name}</name>
              <uuid>{Id}</uuid>
              <metadata><u:disks xmlns:u='urn:vmupdate:disks'><u:disk target='vda' file="{SecurityElement.Escape(disk)}"/></u:disks></metadata>
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
                <disk type='network' device='disk'>
                  <driver name='qemu' type='raw'/>
                  <source protocol='nbd' name='os'><host transport='unix' socket='{libvirtd.Root}/nbd/{name}'/></source>
                  <target dev='vda' bus='virtio'/>
                </disk>
                <controller type='usb' model='none'/>
                <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
                <channel type='unix'><source mode='bind' path='{Port}'/><target type='virtio' name='org.vmupdate.trigger.0'/></channel>
                <memballoon model='none'/>
              </devices>
            </domain>
            """);
    }

    public void Dispose() => libvirtd.Remove(Id);
}
