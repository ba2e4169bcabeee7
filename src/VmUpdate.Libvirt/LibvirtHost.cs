#pragma warning disable RS0030 // The computer's own files of the kernel and of the system are read here, which are no files of disks.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

/// <summary>What a host is known by, and where it keeps saved states.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsHere">Whether it is this computer.</param>
/// <param name="SaveFolder">The folder of the saved states; empty when the host is another computer.</param>
internal sealed record LibvirtHost(string Id, string Name, bool IsHere, string SaveFolder)
{
    private const string FirmwareId = "/sys/class/dmi/id/product_uuid";
    private const string SystemId = "/etc/machine-id";
    private const int IdBytes = 16;
    private const string SystemSaveFolder = "/var/lib/libvirt/qemu/save";

    internal static LibvirtHost Read(IntPtr connection, string uri)
    {
        string name = Utf8.Take(Required(VirApi.GetHostName(connection), uri, "asking for the host's name"))!;
        string capabilities = Utf8.Take(Required(VirApi.GetCapabilities(connection), uri, "asking for the host's abilities"))!;
        bool isHere = IsLocal(uri);
        return new LibvirtHost($"libvirt-{ReadId(capabilities, name, isHere)}", name, isHere, isHere ? FindSaveFolder(uri) : string.Empty);
    }

    /// <summary>Whether a URI names no other computer.</summary>
    internal static bool IsLocal(string uri)
    {
        int authority = uri.IndexOf("://", StringComparison.Ordinal);
        string scheme = authority < 0 ? uri : uri.Substring(0, authority);
        bool overNetwork = scheme.EndsWith("+ssh", StringComparison.Ordinal) || scheme.EndsWith("+tls", StringComparison.Ordinal)
            || scheme.EndsWith("+tcp", StringComparison.Ordinal) || scheme.Contains("+lib");
        return !overNetwork && authority >= 0 && uri.Length > authority + 3 && uri[authority + 3] == '/';
    }

    /// <summary>The bytes of memory that could be given to machines without swapping; <see langword="null"/> when the kernel does not say.</summary>
    internal static long? ReadAvailableMemory()
    {
        try
        {
            const string field = "MemAvailable:";
            string? line = File.ReadLines("/proc/meminfo").FirstOrDefault(text => text.StartsWith(field, StringComparison.Ordinal));
            return line is not null && long.TryParse(line.Substring(field.Length).Replace("kB", string.Empty).Trim(), out long kibibytes)
                ? kibibytes * 1024
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IntPtr Required(IntPtr text, string uri, string what) => text != IntPtr.Zero ? text : throw LibvirtErrors.Last(uri, what);

    private static string ReadId(string capabilities, string name, bool isHere)
    {
        // Where the firmware gives no id libvirt makes one up anew with each start; the system's own stays. It is not to be shown, so a hash is.
        if (isHere && !File.Exists(FirmwareId) && TryRead(SystemId) is { Length: > 0 } systemId)
        {
            using var hash = SHA256.Create();
            byte[] digits = hash.ComputeHash(Encoding.UTF8.GetBytes("VmUpdate host " + systemId));
            return string.Concat(digits.Take(IdBytes).Select(part => part.ToString("x2", CultureInfo.InvariantCulture)));
        }

        try
        {
            string? id = (string?)XDocument.Parse(capabilities).Root?.Element("host")?.Element("uuid");
            return string.IsNullOrWhiteSpace(id) ? name : id!.Trim();
        }
        catch (XmlException)
        {
            return name;
        }
    }

    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Where libvirt's QEMU driver keeps saved states: fixed when it is built, for the system or a user.</summary>
    private static string FindSaveFolder(string uri)
    {
        if (!uri.Split('?')[0].EndsWith("/session", StringComparison.Ordinal))
        {
            return SystemSaveFolder;
        }

        string? settings = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
        settings = string.IsNullOrEmpty(settings) ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config") : settings;
        return Path.Combine(settings!, "libvirt", "qemu", "lib", "save");
    }
}
