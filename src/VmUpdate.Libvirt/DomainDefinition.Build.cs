using System.Xml.Linq;
using VmUpdate.Core.Machines;

namespace VmUpdate.Libvirt;

internal sealed partial class DomainDefinition
{
    private const int SuffixDigits = 8;

    // What only one machine may hold, or what reaches out of it to the host's devices and folders. Unknown to libvirt's own words is what
    // other namespaces say, like arguments for QEMU.
    private static readonly HashSet<string> HeldByOne =
        ["hostdev", "filesystem", "redirdev", "shmem", "lease", "vsock", "smartcard", "nvram", "pstore"];

    private static readonly HashSet<string> Terminals = ["serial", "parallel", "console"];

    /// <summary>Whether the firmware keeps settings of the machine in a file.</summary>
    internal bool HasFirmwareSettings => _document.Root!.Element("os") is { } os && (os.Element("nvram") is not null || os.Attribute("firmware") is not null);

    /// <summary>The description of a machine of the same hardware for one piece of work: another disk, and all that must be its own.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="disk">The model's disk in the place of which its own hangs.</param>
    /// <returns>The description; libvirt gives it an id and network addresses.</returns>
    /// <exception cref="HypervisorException">The model's disk is no file.</exception>
    internal string ForBuild(BuildMachine machine, DomainDisk disk)
    {
        XElement root = XDocument.Parse(WithFile(disk, machine.DiskPath), LoadOptions.PreserveWhitespace).Root!;
        string suffix = "." + machine.BuildId.ToString("N").Substring(0, SuffixDigits);
        root.SetElementValue("name", machine.Name);
        root.Element("uuid")?.Remove();
        root.Elements().Where(element => element.Name.NamespaceName.Length > 0).Remove();
        root.Element("metadata")?.ReplaceNodes(
            root.Element("metadata")!.Elements().Where(note => note.Name.NamespaceName == DisksNamespace).ToList());
        if (root.Element("metadata") is null)
        {
            root.Add(new XElement("metadata"));
        }

        root.Element("metadata")!.Add(DomainMarks.Element(VmMarks.Build, machine.BuildId.ToString("D")));
        MakeOwn(root);
        foreach (XElement device in (root.Element("devices")?.Elements() ?? []).ToList())
        {
            string kind = device.Name.LocalName;
            bool isOtherDisk = kind == "disk" && (string?)device.Element("target")?.Attribute("dev") != disk.Target;
            if (isOtherDisk || HeldByOne.Contains(kind) || (kind == "interface" && !machine.HasNetwork)
                || (kind == "tpm" && (string?)device.Element("backend")?.Attribute("type") == "passthrough"))
            {
                device.Remove();
            }
            else if (kind == "interface")
            {
                device.Element("mac")?.Remove();
                device.Element("target")?.Remove();
            }
            else if (Terminals.Contains(kind))
            {
                device.SetAttributeValue("type", "pty");
                device.Element("source")?.Remove();
                device.Element("log")?.Remove();
            }
            else if (kind == "graphics")
            {
                LetScreenBeAnywhere(device);
            }

            // A socket in a folder of somebody's choice gets a neighbour; libvirt's own choice is made anew.
            foreach (XAttribute socket in SocketsOf(device))
            {
                socket.Value += suffix;
            }
        }

        return root.ToString(SaveOptions.DisableFormatting);
    }

    /// <summary>The firmware's settings, the generation and the id within the firmware's tables are made anew with the machine's id.</summary>
    private static void MakeOwn(XElement root)
    {
        root.Element("os")?.Element("nvram")?.Nodes().OfType<XText>().Remove();
        root.Element("genid")?.RemoveNodes();
        root.Elements("sysinfo").Descendants("entry").Where(entry => (string?)entry.Attribute("name") == "uuid").Remove();
    }

    private static void LetScreenBeAnywhere(XElement graphics)
    {
        bool hasPort = graphics.Attribute("port") is not null;
        foreach (string name in new[] { "port", "tlsPort", "websocket", "socket" })
        {
            graphics.Attribute(name)?.Remove();
        }

        graphics.Elements("listen").Attributes("socket").Remove();
        if (hasPort)
        {
            graphics.SetAttributeValue("autoport", "yes");
        }
    }

    private static List<XAttribute> SocketsOf(XElement device) => device.Name.LocalName switch
    {
        "channel" => device.Elements("source").Attributes("path").ToList(),
        "disk" => device.Elements("source").Elements("host").Attributes("socket").ToList(),
        _ => [],
    };
}
