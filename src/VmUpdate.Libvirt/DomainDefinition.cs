using System.Xml;
using System.Xml.Linq;
using VmUpdate.Core.Machines;

namespace VmUpdate.Libvirt;

/// <summary>A machine's description: what is read of it, and the one change that is made to it.</summary>
/// <remarks>libvirt's "Domain XML format". All of it that is not changed here goes back as it came.</remarks>
internal sealed partial class DomainDefinition
{
    /// <summary>The namespace of the element that says which VHDX file a disk's server serves.</summary>
    internal const string DisksNamespace = "urn:vmupdate:disks";

    private const string AgentChannel = "org.qemu.guest_agent.0";
    private const string TriggerChannel = "org.vmupdate.trigger.0";

    // Who puts its own notes there deploys and replaces the machine by its own rules.
    private static readonly (string Namespace, string System)[] Managers =
    [
        ("http://openstack.org/xmlns/libvirt/nova/", "OpenStack"),
        ("http://ovirt.org/vm/", "oVirt"),
        ("http://opennebula.org/xmlns/libvirt/", "OpenNebula"),
        ("https://virtuozzo.com/", "Virtuozzo"),
    ];

    private readonly XDocument _document;
    private readonly string _name;

    private DomainDefinition(XDocument document, string name)
    {
        _document = document;
        _name = name;
        Disks = ReadDisks();
    }

    /// <summary>The machine's hard disks, in the description's order.</summary>
    internal IReadOnlyList<DomainDisk> Disks { get; }

    /// <summary>The system that manages the machine; empty when none is known to.</summary>
    internal string ManagedBy => Metadata
        .Select(note => Managers.FirstOrDefault(manager => note.Name.NamespaceName.StartsWith(manager.Namespace, StringComparison.Ordinal)).System)
        .FirstOrDefault(system => system is not null) ?? string.Empty;

    /// <summary>Whether the guest's agent has its channel open; <see langword="null"/> when the machine has none for it.</summary>
    internal bool? HasAgent =>
        FindChannel(AgentChannel)?.Element("target") is { } target ? (string?)target.Attribute("state") == "connected" : null;

    /// <summary>The socket of the trigger agent's channel; <see langword="null"/> when the machine has none.</summary>
    internal string? TriggerSocket => (string?)FindChannel(TriggerChannel)?.Element("source")?.Attribute("path");

    private IEnumerable<XElement> Metadata => _document.Root!.Element("metadata")?.Elements() ?? [];

    /// <summary>Reads a description.</summary>
    /// <param name="xml">The description.</param>
    /// <param name="name">The machine's name.</param>
    /// <exception cref="HypervisorException">It is no description of a machine.</exception>
    internal static DomainDefinition Parse(string xml, string name)
    {
        try
        {
            XDocument document = XDocument.Parse(xml, LoadOptions.PreserveWhitespace);
            if (document.Root!.Name.LocalName != "domain")
            {
                throw new XmlException($"its root is {document.Root.Name.LocalName}");
            }

            return new DomainDefinition(document, name);
        }
        catch (XmlException failure)
        {
            throw new HypervisorException(HypervisorFailure.HostNotUsable, name, $"libvirt's description of it cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>The marks in the description, by name.</summary>
    internal IReadOnlyDictionary<string, string> ReadMarks()
    {
        var marks = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (XElement note in Metadata)
        {
            if (DomainMarks.NameOf(note.Name.NamespaceName) is { } mark)
            {
                marks[mark] = note.Value;
            }
        }

        return marks;
    }

    /// <summary>The description with another file in the place of a disk's.</summary>
    /// <param name="disk">One of <see cref="Disks"/>.</param>
    /// <param name="newPath">The file.</param>
    /// <returns>The description.</returns>
    /// <exception cref="HypervisorException">The disk is no file.</exception>
    internal string WithFile(DomainDisk disk, string newPath)
    {
        if (disk.PathHolder is not { } holder)
        {
            throw new HypervisorException(
                HypervisorFailure.DiskNotUsable, _name, $"its disk {disk.Target} is {disk.Path}, no file: only a disk that is a file can be replaced.");
        }

        string old = holder.Value;
        try
        {
            holder.Value = newPath;
            return _document.ToString(SaveOptions.DisableFormatting);
        }
        finally
        {
            holder.Value = old;
        }
    }

    private List<DomainDisk> ReadDisks()
    {
        List<XElement> elements = (_document.Root!.Element("devices")?.Elements("disk") ?? [])
            .Where(disk => (string?)disk.Attribute("device") is null or "disk" or "lun")
            .ToList();
        bool hasOwnOrder = _document.Root.Element("devices")?.Elements().Any(device => device.Element("boot") is not null) == true;
        bool bootsFromDisk = !hasOwnOrder
            && (_document.Root.Element("os")?.Elements("boot") ?? []).Select(boot => (string?)boot.Attribute("dev")).DefaultIfEmpty("hd").Contains("hd");

        // Without an order of its own for each device, the firmware is given the first disk only.
        return elements.Select((disk, index) => ReadDisk(disk, bootsFromDisk && index == 0)).ToList();
    }

    private DomainDisk ReadDisk(XElement disk, bool isFirst)
    {
        string target = (string?)disk.Element("target")?.Attribute("dev") ?? string.Empty;
        string bus = (string?)disk.Element("target")?.Attribute("bus") ?? string.Empty;
        XElement? source = disk.Element("source");
        string type = (string?)disk.Attribute("type") ?? "file";
        XAttribute? holder = null;
        string? socket = null;
        switch (type)
        {
            case "file":
                holder = source?.Attribute("file");
                break;
            case "network" when (string?)source?.Attribute("protocol") == "nbd":
                socket = (string?)source!.Elements("host").FirstOrDefault(host => (string?)host.Attribute("transport") == "unix")?.Attribute("socket");
                holder = socket is null ? null : FindServedFile(target);
                break;
        }

        string elsewhere = (string?)source?.Attribute("dev") ?? $"{type}:{(string?)source?.Attribute("name") ?? (string?)source?.Attribute("volume")}";
        int? order = (int?)disk.Element("boot")?.Attribute("order") - 1;
        return new DomainDisk(target, bus, holder?.Value ?? elsewhere, order ?? (isFirst ? 0 : null))
        {
            PathHolder = holder,
            Socket = holder is null ? null : socket,
            Export = socket is null ? string.Empty : (string?)source!.Attribute("name") ?? string.Empty,
        };
    }

    private XAttribute? FindServedFile(string target) => Metadata
        .Where(note => note.Name.NamespaceName == DisksNamespace)
        .SelectMany(note => note.DescendantsAndSelf())
        .FirstOrDefault(disk => disk.Name.LocalName == "disk" && (string?)disk.Attribute("target") == target)?.Attribute("file");

    private XElement? FindChannel(string name) => _document.Root!.Element("devices")?.Elements("channel")
        .FirstOrDefault(channel => (string?)channel.Element("target")?.Attribute("name") == name);
}
