using System.Security;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.RealQemu;

/// <summary>An emulated machine with the tiny guest.</summary>
/// <param name="libvirtd">Where.</param>
/// <param name="name">Its name; its guest is called <c>pc-</c> and this.</param>
internal sealed class RealMachine(PrivateLibvirtd libvirtd, string name) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Its id.</summary>
    internal Guid Id { get; } = Guid.NewGuid();

    /// <summary>Its name.</summary>
    internal string Name => name;

    /// <summary>What its guest calls itself.</summary>
    internal string GuestName => "pc-" + name;

    /// <summary>The socket of the channel of its trigger agent.</summary>
    internal string Port => Path.Combine(libvirtd.Root, "ports", name);

    private string DiskSocket => Path.Combine(libvirtd.Root, "nbd", name);

    /// <summary>Describes it to libvirt, anew when it is known already.</summary>
    /// <param name="disk">The VHDX file of its disk; <see langword="null"/> for none.</param>
    /// <param name="arguments">Words for the guest's command line.</param>
    internal void Define(string? disk, string arguments = "")
    {
        string served = disk is null ? string.Empty : $"""
            <disk type='network' device='disk'>
              <driver name='qemu' type='raw'/>
              <source protocol='nbd' name='os'><host transport='unix' socket='{DiskSocket}'/></source>
              <target dev='vda' bus='virtio'/>
            </disk>
            """;
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
                <initrd>{(arguments.Contains("vmupdate-agent", StringComparison.Ordinal) ? TinyGuest.InitrdWithAgent : TinyGuest.Initrd)}</initrd>
                <cmdline>console=ttyS0 quiet name={GuestName} {arguments}</cmdline>
              </os>
              <features><acpi/></features>
              <devices>
                <emulator>/usr/bin/qemu-system-x86_64</emulator>
                {served}
                <controller type='usb' model='none'/>
                <serial type='file'><source path='{libvirtd.Root}/log/{name}'/></serial>
                <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
                <channel type='unix'><source mode='bind' path='{Port}'/><target type='virtio' name='org.vmupdate.trigger.0'/></channel>
                <memballoon model='none'/>
              </devices>
            </domain>
            """);
    }

    /// <summary>Starts it as an administrator would, who starts the server of its disk by hand first.</summary>
    internal void Start()
    {
        string disk = XDocument.Parse(libvirtd.Virsh("dumpxml", name, "--inactive")).Descendants(XName.Get("disk", "urn:vmupdate:disks")).Single().Attribute("file")!.Value;
        (int exitCode, string output) = Judges.Run(
            "qemu-nbd", "--fork", "--format=vhdx", "--discard=unmap", "--export-name=os", "--socket=" + DiskSocket, "--pid-file=" + DiskSocket + ".pid", disk);
        Assert.True(exitCode == 0, output);
        libvirtd.Virsh("start", name);
    }

    /// <summary>Saves it; the server of its disk leaves with it.</summary>
    internal void Save() => libvirtd.Virsh("managedsave", name);

    /// <summary>Has its guest's shell do something, once the guest's agent answers.</summary>
    /// <returns>What it wrote.</returns>
    internal string Shell(string command)
    {
        string start = JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["execute"] = "guest-exec",
            ["arguments"] = new Dictionary<string, object> { ["path"] = "/bin/sh", ["arg"] = new[] { "-c", command }, ["capture-output"] = true },
        });
        int process = Ask(start, retry: true).GetProperty("pid").GetInt32();
        while (true)
        {
            JsonElement status = Ask($"{{\"execute\":\"guest-exec-status\",\"arguments\":{{\"pid\":{process}}}}}", retry: false);
            if (status.GetProperty("exited").GetBoolean())
            {
                string Text(string field) => status.TryGetProperty(field, out JsonElement data) ? Encoding.UTF8.GetString(data.GetBytesFromBase64()) : string.Empty;
                Assert.True(status.GetProperty("exitcode").GetInt32() == 0, $"{command}: {Text("out-data")}{Text("err-data")}");
                return Text("out-data");
            }

            Thread.Sleep(30);
        }
    }

    public void Dispose() => libvirtd.Remove(Id);

    private JsonElement Ask(string command, bool retry)
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (true)
        {
            (int exitCode, string output) = Judges.Run("virsh", "-q", "-c", libvirtd.Uri, "qemu-agent-command", name, command);
            if (exitCode == 0)
            {
                return JsonDocument.Parse(output).RootElement.GetProperty("return");
            }

            Assert.True(retry && Environment.TickCount64 < end, $"{name}: {output}");
            Thread.Sleep(100);
        }
    }
}
