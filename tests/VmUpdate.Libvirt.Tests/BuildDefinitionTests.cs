using System.Xml.Linq;
using VmUpdate.Core.Machines;
using Xunit;

namespace VmUpdate.Libvirt.Tests;

/// <summary>What a machine that is made for a piece of work has of its model, and what it must not have.</summary>
public sealed class BuildDefinitionTests
{
    private const string Model = """
        <domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
          <name>pc-1</name>
          <uuid>5c1a5d4a-8f3c-4d12-9a3e-0d7b6a1f2e11</uuid>
          <genid>e9392370-2917-565e-692b-d057f46512d6</genid>
          <metadata>
            <m:mark xmlns:m='urn:vmupdate:mark:pool'>office</m:mark>
            <u:disks xmlns:u='urn:vmupdate:disks'><u:disk target='vda' file='/srv/vms/pc-1.vhdx'/></u:disks>
            <o:other xmlns:o='urn:other'/>
          </metadata>
          <memory unit='GiB'>4</memory>
          <vcpu>2</vcpu>
          <sysinfo type='smbios'><system><entry name='uuid'>5c1a5d4a-8f3c-4d12-9a3e-0d7b6a1f2e11</entry><entry name='product'>p</entry></system></sysinfo>
          <os>
            <type arch='x86_64' machine='q35'>hvm</type>
            <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>
            <nvram template='/usr/share/OVMF/OVMF_VARS.fd'>/var/lib/libvirt/qemu/nvram/pc-1_VARS.fd</nvram>
          </os>
          <devices>
            <disk type='network' device='disk'>
              <source protocol='nbd' name='os'><host transport='unix' socket='/run/vmupdate/nbd/pc-1.sock'/></source>
              <target dev='vda' bus='virtio'/>
            </disk>
            <disk type='file' device='disk'><source file='/srv/vms/data.raw'/><target dev='vdb' bus='virtio'/></disk>
            <disk type='file' device='cdrom'><source file='/iso/tools.iso'/><target dev='sda' bus='sata'/></disk>
            <controller type='scsi' index='0' model='virtio-scsi'/>
            <interface type='network'><mac address='52:54:00:aa:bb:cc'/><source network='default'/><target dev='vnet7'/><model type='virtio'/></interface>
            <hostdev mode='subsystem' type='usb'/>
            <filesystem type='mount'><source dir='/srv/share'/><target dir='share'/></filesystem>
            <serial type='file'><source path='/var/log/pc-1.log'/><target port='0'/></serial>
            <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
            <channel type='unix'><source mode='bind' path='/run/vmupdate/ports/pc-1'/><target type='virtio' name='org.vmupdate.trigger.0'/></channel>
            <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
            <graphics type='vnc' port='5907' listen='127.0.0.1'/>
          </devices>
          <qemu:commandline><qemu:arg value='-fw_cfg'/></qemu:commandline>
        </domain>
        """;

    [Fact]
    public void The_hardware_is_the_models_and_all_that_only_one_can_have_is_not()
    {
        var build = new BuildMachine(
            Guid.Parse("0123456789abcdef0123456789abcdef"), "office-v2-build", default, new DiskLocation(DiskController.Virtio, 0, 0), "/srv/<v2>.vhdx", HasNetwork: true);
        XElement made = Make(build);
        XElement devices = made.Element("devices")!;

        Assert.Equal(("office-v2-build", null, ""), (made.Element("name")!.Value, made.Element("uuid"), made.Element("genid")!.Value));
        Assert.Equal(("GiB", "2", "kvm"), (made.Element("memory")!.Attribute("unit")!.Value, made.Element("vcpu")!.Value, made.Attribute("type")!.Value));
        Assert.Equal(["p"], made.Descendants("entry").Select(entry => entry.Value));
        Assert.Equal(("", "/usr/share/OVMF/OVMF_VARS.fd"), (made.Descendants("nvram").Single().Value, made.Descendants("nvram").Single().Attribute("template")!.Value));
        Assert.Equal(
            ["disk", "controller", "interface", "serial", "channel", "channel", "tpm", "graphics"], devices.Elements().Select(device => device.Name.LocalName));
        Assert.Equal("/run/vmupdate/nbd/pc-1.sock.01234567", devices.Element("disk")!.Descendants("host").Single().Attribute("socket")!.Value);
        Assert.Equal(["source", "model"], devices.Element("interface")!.Elements().Select(element => element.Name.LocalName));
        Assert.Equal(("pty", null), (devices.Element("serial")!.Attribute("type")!.Value, devices.Element("serial")!.Element("source")));
        Assert.Equal(["/run/vmupdate/ports/pc-1.01234567"], devices.Elements("channel").Elements("source").Select(source => source.Attribute("path")!.Value));
        Assert.Equal((null, "yes"), (devices.Element("graphics")!.Attribute("port"), devices.Element("graphics")!.Attribute("autoport")!.Value));
        Assert.DoesNotContain(made.Descendants(), element => element.Name.LocalName == "commandline");

        DomainDefinition read = DomainDefinition.Parse(made.ToString(), build.Name);
        Assert.Equal([(VmMarks.Build, build.BuildId.ToString("D"))], read.ReadMarks().Select(mark => (mark.Key, mark.Value)));
        Assert.Equal("/srv/<v2>.vhdx", Assert.Single(read.Disks).Path);
    }

    [Fact]
    public void Without_a_network_it_has_no_adapter()
    {
        XElement made = Make(new BuildMachine(Guid.NewGuid(), "b", default, new DiskLocation(DiskController.Virtio, 0, 0), "/srv/b.vhdx", HasNetwork: false));
        Assert.Empty(made.Descendants("interface"));
    }

    private static XElement Make(BuildMachine build)
    {
        DomainDefinition model = DomainDefinition.Parse(Model, "pc-1");
        return XElement.Parse(model.ForBuild(build, model.Disks[0]));
    }
}
