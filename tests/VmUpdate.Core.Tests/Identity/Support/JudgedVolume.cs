using System.Xml;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Support;

/// <summary>A Windows volume as programs that are not ours read it: ntfs-3g the files, hivex the hives.</summary>
internal sealed class JudgedVolume : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _mount;
    private bool _isMounted;

    /// <summary>Dumps a disk with a reader written apart from ours, cuts the volume out, and mounts it read-only.</summary>
    public JudgedVolume(string disk, string? parent, long offset, long length)
    {
        foreach (string program in new[] { "ntfs-3g", "ntfsfix", "fusermount", "getfattr", "hivexml", Judges.Python })
        {
            Judges.Require(program);
        }

        string raw = _folder.File("raw");
        string[] parents = parent is null ? [] : ["-p", parent];
        AssertRuns(Judges.Python, [Judges.Oracle("vhdx_read.py"), "raw", disk, raw, .. parents]);
        Volume = _folder.File("volume");
        Cut(raw, offset, length, Volume);
        _mount = Directory.CreateDirectory(_folder.File("mount")).FullName;
        AssertRuns("ntfs-3g", "-o", "ro,norecover,streams_interface=xattr", Volume, _mount);
        _isMounted = true;
    }

    public string Volume { get; }

    public string PathOf(string guestPath) => Path.Combine(_mount, guestPath.Replace('\\', '/'));

    /// <summary>Path to SHA-256 and security descriptor of every file but the hives.</summary>
    public Dictionary<string, string> Files()
    {
        var lines = new Dictionary<string, string>(StringComparer.Ordinal);
        string script = $"cd '{_mount}' && find . -type f -print0 | xargs -0 sha256sum -z && echo && find . -print0 | xargs -0 getfattr -n system.ntfs_acl -e hex";
        (int exit, string output) = Judges.Run("sh", "-c", script);
        Assert.True(exit == 0, output[^Math.Min(2000, output.Length)..]);
        int end = output.LastIndexOf('\0');
        foreach (string line in output[..end].Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            lines.Add(line[68..].Replace('/', '\\'), line[..64]);
        }

        string file = string.Empty;
        foreach (string line in output[end..].Split('\n'))
        {
            file = line.StartsWith("# file: ", StringComparison.Ordinal) ? Unescape(line[8..]).TrimStart('.', '/').Replace('/', '\\') : file;
            if (line.StartsWith("system.ntfs_acl=", StringComparison.Ordinal))
            {
                lines[file] = lines.GetValueOrDefault(file, "folder") + " " + line;
            }
        }

        return lines;
    }

    /// <summary>Key and value to type and data, as hivexml prints them.</summary>
    public Dictionary<string, string> Values(string hive)
    {
        (int exit, string xml) = Judges.Run("hivexml", PathOf($@"Windows\System32\config\{hive}"));
        Assert.True(exit == 0, $"hivexml refuses {hive}.");
        var lines = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var path = new Stack<string>();
        var settings = new XmlReaderSettings { CheckCharacters = false };
        using XmlReader reader = XmlReader.Create(new StringReader(xml), settings);
        string value = string.Empty;
        while (reader.Read())
        {
            switch (reader.NodeType, reader.Name)
            {
                case (XmlNodeType.Element, "node"):
                    path.Push(path.Count == 0 ? string.Empty : $"{path.Peek()}\\{reader.GetAttribute("name")}");
                    lines.TryAdd(path.Peek().TrimStart('\\') + "\\", string.Empty);
                    break;
                case (XmlNodeType.EndElement, "node"):
                    path.Pop();
                    break;
                case (XmlNodeType.Element, "value"):
                    value = $"{path.Peek().TrimStart('\\')} : {reader.GetAttribute("key")}";
                    lines[value] = $"{reader.GetAttribute("type")} {reader.GetAttribute("encoding")} {reader.GetAttribute("value")}";
                    value = reader.IsEmptyElement ? string.Empty : value;
                    break;
                case (XmlNodeType.EndElement, "value"):
                    value = string.Empty;
                    break;
                case (XmlNodeType.Text, _) when value.Length > 0:
                    lines[value] = lines.GetValueOrDefault(value) + "|" + reader.Value;
                    break;
            }
        }

        return lines;
    }

    public void Dispose()
    {
        if (_isMounted)
        {
            Judges.Run("fusermount", "-u", "-z", _mount);
            _isMounted = false;
        }

        _folder.Dispose();
    }

    public static void AssertRuns(string program, params string[] arguments)
    {
        (int exit, string output) = Judges.Run(program, arguments);
        Assert.True(exit == 0, $"{program} {string.Join(' ', arguments)}: {output}");
    }

    private static void Cut(string raw, long offset, long length, string volume)
    {
        using FileStream source = File.OpenRead(raw);
        using FileStream target = File.Create(volume);
        target.SetLength(length);
        source.Position = offset;
        byte[] buffer = new byte[1 << 20];
        for (long done = 0; done < length; done += buffer.Length)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - done));
            source.ReadExactly(chunk);
            if (chunk.ContainsAnyExcept((byte)0))
            {
                target.Position = done;
                target.Write(chunk);
            }
        }
    }

    // getfattr writes bytes outside ASCII as backslash and three octal digits.
    private static string Unescape(string text)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < text.Length; i++)
        {
            bool isEscape = text[i] == '\\' && i + 3 < text.Length;
            bytes.AddRange(isEscape ? [(byte)Convert.ToInt32(text.Substring(i + 1, 3), 8)] : System.Text.Encoding.UTF8.GetBytes(text[i].ToString()));
            i += isEscape ? 3 : 0;
        }

        return System.Text.Encoding.UTF8.GetString([.. bytes]);
    }
}
