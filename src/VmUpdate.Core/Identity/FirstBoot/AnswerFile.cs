using System.Text;
using System.Xml;
using System.Xml.Linq;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>
/// The answer file that a generalized Windows reads at its first start: the pass <em>specialize</em> takes the machine's name, its time zone
/// and its join data from it. What the master's own answer file says besides stays.
/// </summary>
internal static class AnswerFile
{
    /// <summary>The join data: what <c>djoin /provision /savefile</c> wrote, some KiB of base64.</summary>
    public const int MaxJoinDataSize = 1 << 20;

    private const string Placeholder = "vmupdate-join-data-goes-here";
    private const string Shell = "Microsoft-Windows-Shell-Setup";
    private const string Join = "Microsoft-Windows-UnattendedJoin";
    private static readonly XNamespace Unattend = "urn:schemas-microsoft-com:unattend";

    /// <summary>Where Setup looks, in this order; the second is where Windows keeps the file it was given.</summary>
    private static readonly string[] Places = ["Panther\\Unattend\\unattend.xml", "Panther\\Unattend\\autounattend.xml", "Panther\\unattend.xml"];

    /// <summary>The answer file that the master's first start would read.</summary>
    public static NtfsEntry? FindOn(GuestDisk master) => Places
        .Select(place => master.Volume.Find(PlaceOn(master, place)))
        .FirstOrDefault(entry => entry is { IsDirectory: false });

    /// <summary>Where it is, or is to be.</summary>
    public static GuestPath PathOn(GuestDisk master) => FindOn(master)?.Path ?? PlaceOn(master, Places[Places.Length - 1]);

    /// <summary>The file's bytes.</summary>
    /// <param name="master">The master: its answer file is built on.</param>
    /// <param name="computerName">The machine's name.</param>
    /// <param name="timeZone">Its time zone's Windows name; empty to leave it to the master.</param>
    /// <param name="joinData">Join data in base64; <see langword="null"/> when the machine does not join here.</param>
    /// <returns>The bytes. They may hold a secret.</returns>
    public static SecretBuffer Compose(GuestDisk master, string computerName, string timeZone, SecretBuffer? joinData)
    {
        XDocument document = ReadMasters(master);
        string architecture = ArchitectureOf(master);
        XElement shell = Component(document.Root!, Shell, architecture);
        Set(shell, "ComputerName", computerName);
        if (timeZone.Length > 0)
        {
            Set(shell, "TimeZone", timeZone);
        }

        if (joinData is not null)
        {
            XElement identification = Child(Component(document.Root!, Join, architecture), "Identification");
            identification.RemoveNodes();
            Set(Child(identification, "Provisioning"), "AccountData", Placeholder);
        }

        using var stream = new MemoryStream();
        using (XmlWriter writer = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true }))
        {
            document.Save(writer);
        }

        byte[] xml = stream.ToArray();
        SecretBuffer.Zero(stream.GetBuffer());
        using SecretBuffer composed = SecretBuffer.Take(xml);
        return joinData is null ? SecretBuffer.CopyOf(composed.Span) : Splice(composed, joinData);
    }

    /// <summary>Join data as djoin wrote it (UTF-16 with a byte order mark) or as it was copied (UTF-8), without what is no base64.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <returns>The base64 text in ASCII; <see langword="null"/> when it is none.</returns>
    public static SecretBuffer? ReadJoinData(ReadOnlySpan<byte> file)
    {
        int step = file.Length >= 2 && file[0] == 0xFF && file[1] == 0xFE ? 2 : 1;
        using var text = new SecretBuffer(file.Length);
        int count = 0;
        for (int at = step == 2 ? 2 : 0; at + step <= file.Length; at += step)
        {
            byte unit = file[at];
            bool isWide = step == 2 && file[at + 1] != 0;
            if (!isWide && unit is 0 or (byte)' ' or (byte)'\r' or (byte)'\n')
            {
                continue;
            }

            bool isBase64 = unit is >= (byte)'A' and <= (byte)'Z' or >= (byte)'a' and <= (byte)'z' or >= (byte)'0' and <= (byte)'9'
                or (byte)'+' or (byte)'/' or (byte)'=';
            if (isWide || !isBase64)
            {
                return null;
            }

            text.Span[count++] = unit;
        }

        return count == 0 ? null : SecretBuffer.CopyOf(text.Span.Slice(0, count));
    }

    /// <summary>The Windows name of a disk's time zone; empty when the disk does not say.</summary>
    public static string TimeZoneOf(GuestDisk disk) => Text(disk, "CurrentControlSet\\Control\\TimeZoneInformation", "TimeZoneKeyName");

    private static GuestPath PlaceOn(GuestDisk disk, string place) => GuestPath.Parse($"{disk.WindowsFolder}\\{place}");

    private static string ArchitectureOf(GuestDisk disk)
    {
        string text = Text(disk, "CurrentControlSet\\Control\\Session Manager\\Environment", "PROCESSOR_ARCHITECTURE");
        return text.Length == 0 ? "amd64" : text.ToLowerInvariant();
    }

    private static string Text(GuestDisk disk, string key, string value)
    {
        RegistryValue? found = RegistryPlaces.Find(disk, HiveName.System, key).Select(place => place.Key.FindValue(value)).FirstOrDefault();
        if (found is null)
        {
            return string.Empty;
        }

        string text = GuestDisk.TextOf(found);
        int end = text.IndexOf('\0'); // what is behind the first zero is left over from a longer name
        return end < 0 ? text : text.Substring(0, end);
    }

    private static XDocument ReadMasters(GuestDisk master)
    {
        if (FindOn(master) is not { Length: > 0 and <= AnswerFilePasswords.MaxSize } entry)
        {
            return Empty();
        }

        using IBlockFile file = master.Volume.OpenStream(entry.Path);
        var bytes = new byte[file.Length];
        file.ReadAt(0, bytes);
        try
        {
            var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
            using var reader = XmlReader.Create(new MemoryStream(bytes, writable: false), settings);
            XDocument document = XDocument.Load(reader);
            return document.Root?.Name == Unattend + "unattend" ? document : Empty();
        }
        catch (XmlException failure)
        {
            throw new IdentityException(
                IdentityFailure.AnswerFileInvalid,
                master.Subject,
                $"the master's answer file {entry.Path} is not valid XML, so the machine's name cannot be put into it: line {failure.LineNumber}.",
                inner: failure);
        }
        finally
        {
            SecretBuffer.Zero(bytes);
        }
    }

    private static XDocument Empty() => new(new XDeclaration("1.0", "utf-8", null), new XElement(Unattend + "unattend"));

    private static XElement Component(XElement root, string name, string architecture)
    {
        const string pass = "specialize";
        XElement? settings = root.Elements(Unattend + "settings").FirstOrDefault(element => (string?)element.Attribute("pass") == pass);
        if (settings is null)
        {
            settings = new XElement(Unattend + "settings", new XAttribute("pass", pass));
            root.Add(settings);
        }

        XElement? component = settings.Elements(Unattend + "component").FirstOrDefault(element => (string?)element.Attribute("name") == name
            && string.Equals((string?)element.Attribute("processorArchitecture"), architecture, StringComparison.OrdinalIgnoreCase));
        if (component is null)
        {
            component = new XElement(
                Unattend + "component",
                new XAttribute("name", name),
                new XAttribute("processorArchitecture", architecture),
                new XAttribute("publicKeyToken", "31bf3856ad364e35"),
                new XAttribute("language", "neutral"),
                new XAttribute("versionScope", "nonSxS"));
            settings.Add(component);
        }

        return component;
    }

    private static XElement Child(XElement parent, string name)
    {
        XElement? child = parent.Element(Unattend + name);
        if (child is null)
        {
            child = new XElement(Unattend + name);
            parent.Add(child);
        }

        return child;
    }

    private static void Set(XElement parent, string name, string text) => Child(parent, name).Value = text;

    private static SecretBuffer Splice(SecretBuffer composed, SecretBuffer joinData)
    {
        byte[] mark = Encoding.ASCII.GetBytes(Placeholder);
        int at = ((ReadOnlySpan<byte>)composed.Span).IndexOf(mark);
        var result = new SecretBuffer(composed.Length - mark.Length + joinData.Length);
        composed.Span.Slice(0, at).CopyTo(result.Span);
        joinData.Span.CopyTo(result.Span.Slice(at));
        composed.Span.Slice(at + mark.Length).CopyTo(result.Span.Slice(at + joinData.Length));
        return result;
    }
}
