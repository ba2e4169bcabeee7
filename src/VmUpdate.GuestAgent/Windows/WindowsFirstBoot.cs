using System.Management;
using Microsoft.Win32;
using VmUpdate.GuestAgent.FirstBoot;

namespace VmUpdate.GuestAgent.Windows;

/// <summary>This Windows, as the first-boot steps change it. As LocalSystem it reaches the hive SECURITY too.</summary>
internal sealed class WindowsFirstBoot : IFirstBootTarget
{
    private const uint Done = 0;
    private const uint DoneButRestart = 1;

    /// <inheritdoc/>
    public string ComputerName => Environment.MachineName;

    /// <inheritdoc/>
    public string? FindText(string hive, string key, string value)
    {
        using RegistryKey root = Open(hive);
        using RegistryKey? found = root.OpenSubKey(Below(hive, key));
        return found?.GetValue(value, null, RegistryValueOptions.DoNotExpandEnvironmentNames) as string;
    }

    /// <inheritdoc/>
    public void SetValue(string hive, string key, string value, int type, byte[] data)
    {
        using RegistryKey root = Open(hive);
        using RegistryKey made = root.CreateSubKey(Below(hive, key));
        Native.SetValue(made.Handle, value, type, data);
    }

    /// <inheritdoc/>
    public string PathOf(string folder) => Path.Combine(Path.GetPathRoot(Environment.SystemDirectory)!, folder);

    /// <inheritdoc/>
    public void SetAddress(StaticAddress address)
    {
        using var search = new ManagementObjectSearcher("root\\CIMV2", "SELECT * FROM Win32_NetworkAdapterConfiguration WHERE IPEnabled = TRUE");
        using ManagementObjectCollection found = search.Get();
        List<ManagementObject> adapters = [.. found.Cast<ManagementObject>()
            .Where(adapter => address.Adapter.Length == 0 || Digits((string)adapter["MACAddress"]) == Digits(address.Adapter))];
        if (adapters.Count != 1)
        {
            throw new IOException($"{adapters.Count} network adapters are meant by the physical address '{address.Adapter}', and one is expected.");
        }

        using ManagementObject one = adapters[0];
        Call(one, "EnableStatic", address.Addresses.ToArray(), address.SubnetMasks.ToArray());
        if (address.Gateways.Count > 0)
        {
            Call(one, "SetGateways", address.Gateways.ToArray(), address.Gateways.Select(_ => (ushort)1).ToArray());
        }

        if (address.NameServers.Count > 0)
        {
            Call(one, "SetDNSServerSearchOrder", address.NameServers.ToArray());
        }
    }

    private static void Call(ManagementObject adapter, string method, params object[] arguments)
    {
        uint result;
        try
        {
            result = Convert.ToUInt32(adapter.InvokeMethod(method, arguments), System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (ManagementException failure)
        {
            throw new IOException($"{method}: {failure.Message}", failure);
        }

        if (result is not (Done or DoneButRestart))
        {
            throw new IOException($"{method} returned {result}.");
        }
    }

    private static RegistryKey Open(string hive) =>
        RegistryKey.OpenBaseKey(hive == "DEFAULT" ? RegistryHive.Users : RegistryHive.LocalMachine, RegistryView.Registry64);

    private static string Below(string hive, string key) => (hive == "DEFAULT" ? ".DEFAULT" : hive) + "\\" + key;

    private static string Digits(string address) => new([.. address.Where(Uri.IsHexDigit).Select(char.ToUpperInvariant)]);
}
