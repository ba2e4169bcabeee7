using System.Text;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>
/// The addresses that were set by hand on a network adapter. Windows keeps them by the adapter's GUID, which is another one on another
/// disk; what stays is the adapter's physical address, where the disk knows it.
/// </summary>
/// <param name="Adapter">The adapter's GUID on that disk, in braces.</param>
/// <param name="PhysicalAddress">Six bytes in hexadecimal digits between hyphens; empty when the disk does not say.</param>
/// <param name="Addresses">IPv4 addresses.</param>
/// <param name="SubnetMasks">Their masks, in the same order.</param>
/// <param name="Gateways">Default gateways.</param>
/// <param name="NameServers">DNS servers set by hand.</param>
internal sealed record StaticAddress(
    string Adapter,
    string PhysicalAddress,
    IReadOnlyList<string> Addresses,
    IReadOnlyList<string> SubnetMasks,
    IReadOnlyList<string> Gateways,
    IReadOnlyList<string> NameServers)
{
    public const string InterfacesKey = "CurrentControlSet\\Services\\Tcpip\\Parameters\\Interfaces\\*";
    private const string AdaptersKey = "CurrentControlSet\\Control\\NetworkSetup2\\Interfaces";
    private const int PhysicalAddressSize = 6;
    private const string NoAddress = "0.0.0.0";

    /// <summary>Reads those of a disk.</summary>
    public static IReadOnlyList<StaticAddress> Read(GuestDisk disk) => RegistryPlaces.Find(disk, HiveName.System, InterfacesKey)
        .Select(found => Read(disk, found.Key)).Where(address => address is not null).Select(address => address!).ToList();

    /// <summary>What one interface's key says; <see langword="null"/> when its address comes from DHCP.</summary>
    public static StaticAddress? Read(GuestDisk disk, RegistryKey adapter)
    {
        bool isFixed = adapter.FindValue("EnableDHCP") is { Data.Length: sizeof(uint) } dhcp && dhcp.Data.All(part => part == 0);
        List<string> addresses = isFixed ? Texts(adapter, "IPAddress").Where(text => text != NoAddress).ToList() : [];
        return addresses.Count == 0 ? null : new StaticAddress(
            adapter.Name,
            PhysicalAddressOf(disk, adapter.Name),
            addresses,
            Texts(adapter, "SubnetMask"),
            Texts(adapter, "DefaultGateway").Where(text => text != NoAddress).ToList(),
            Texts(adapter, "NameServer"));
    }

    /// <summary>Where the disk keeps an adapter's physical address.</summary>
    public static string AdapterKey(string adapter) => $"{AdaptersKey}\\{adapter}\\Kernel";

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Addresses);

    private static string PhysicalAddressOf(GuestDisk disk, string adapter)
    {
        RegistryKey? kernel = RegistryPlaces.Find(disk, HiveName.System, AdapterKey(adapter)).Select(found => found.Key).FirstOrDefault();
        RegistryValue? address = kernel?.FindValue("CurrentAddress") ?? kernel?.FindValue("PermanentAddress");
        return address is { Data.Length: PhysicalAddressSize } ? BitConverter.ToString(address.Data) : string.Empty;
    }

    // A list of texts, or one text with commas or spaces between: both forms occur.
    private static List<string> Texts(RegistryKey key, string name) => key.FindValue(name) is { } value
        ? Encoding.Unicode.GetString(value.Data, 0, value.Data.Length & ~1).Split('\0', ',', ' ').Where(text => text.Length > 0).ToList()
        : [];
}
