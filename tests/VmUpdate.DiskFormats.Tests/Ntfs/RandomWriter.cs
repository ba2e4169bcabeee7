using System.Security.Cryptography;
using VmUpdate.DiskFormats.Ntfs;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

/// <summary>Changes a volume by chance, from a seed, and remembers in memory what it must hold afterwards.</summary>
internal sealed class RandomWriter(NtfsVolume first, int seed, string root = "r")
{
    private NtfsVolume _volume = first;
    private readonly Random _random = new(seed);
    private readonly SortedDictionary<string, SortedDictionary<string, byte[]>> _files = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _folders = new(StringComparer.Ordinal) { root };
    private int _names;

    public int MaxLength { get; init; } = 200_000;

    public IReadOnlyDictionary<string, SortedDictionary<string, byte[]>> Files => _files;

    public IReadOnlyCollection<string> Folders => _folders;

    public RandomWriter On(NtfsVolume reopened)
    {
        _volume = reopened;
        return this;
    }

    public void Start() => _volume.Create(GuestPath.Parse(root), new NtfsCreateProperties { IsDirectory = true });

    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            Step();
        }
    }

    /// <summary>Compares the volume with what it must hold.</summary>
    public void Verify(NtfsVolume opened)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        Walk(opened, GuestPath.Parse(root), found);
        Assert.Equal(_files.Keys.Concat(_folders).Order(StringComparer.Ordinal), found);
        foreach (var (path, streams) in _files)
        {
            GuestPath guest = GuestPath.Parse(path);
            NtfsEntry entry = opened.Find(guest)!;
            Assert.Equal(streams[string.Empty].Length, entry.Length);
            Assert.Equal(streams.Select(s => (s.Key, (long)s.Value.Length)), opened.GetStreams(guest).Select(s => (s.Name, s.Length)).Order());
            foreach (var (name, expected) in streams)
            {
                using var stream = opened.OpenStream(guest, name);
                byte[] bytes = new byte[stream.Length];
                stream.ReadAt(0, bytes);
                Assert.True(expected.AsSpan().SequenceEqual(bytes), $"{path}:{name} differs (seed {seed})");
            }
        }
    }

    /// <summary>"sha256 TAB path" of every unnamed stream, as the judges list them.</summary>
    public IEnumerable<string> Sums() =>
        _files.Select(f => $"{Convert.ToHexStringLower(SHA256.HashData(f.Value[string.Empty]))}\t{f.Key.Replace('\\', '/')}");

    private static void Walk(NtfsVolume volume, GuestPath folder, SortedSet<string> found)
    {
        found.Add(folder.ToString());
        foreach (NtfsEntry entry in volume.Enumerate(folder))
        {
            if (entry.IsDirectory)
            {
                Walk(volume, entry.Path, found);
            }
            else
            {
                found.Add(entry.Path.ToString());
            }
        }
    }

    private void Step()
    {
        switch (_random.Next(20))
        {
            case < 7:
                CreateFile();
                break;
            case < 8:
                string folder = NewPath();
                _volume.Create(GuestPath.Parse(folder), new NtfsCreateProperties { IsDirectory = true });
                _folders.Add(folder);
                break;
            case < 12:
                WriteSome();
                break;
            case < 14:
                Resize();
                break;
            case < 16:
                RenameFile();
                break;
            case < 17:
                RenameFolder();
                break;
            case < 19:
                Delete();
                break;
            default:
                ChangeStream();
                break;
        }
    }

    private string NewPath() => $"{Pick(_folders)}\\{NewName()}";

    private string NewName()
    {
        string[] tails = ["", ".txt", "-with a much longer name than the others have, to fill the nodes", "äöü", "ЖЩ", "日本"];
        return $"{(char)('a' + _random.Next(26))}{_names++}{tails[_random.Next(tails.Length)]}";
    }

    private string Pick(IReadOnlyCollection<string> from) => from.ElementAt(_random.Next(from.Count));

    private byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    private int Length() => _random.Next(4) switch { 0 => _random.Next(64), 1 => _random.Next(1200), 2 => _random.Next(20_000), _ => _random.Next(MaxLength) };

    private void CreateFile()
    {
        string path = NewPath();
        _volume.Create(GuestPath.Parse(path), new NtfsCreateProperties());
        byte[] content = Bytes(Length());
        using var stream = _volume.OpenStream(GuestPath.Parse(path), writable: true);
        stream.WriteAt(0, content);
        _files[path] = new SortedDictionary<string, byte[]>(StringComparer.Ordinal) { [string.Empty] = content };
    }

    private (string Path, string Stream)? PickStream()
    {
        if (_files.Count == 0)
        {
            return null;
        }

        string path = Pick(_files.Keys.ToArray());
        return (path, Pick(_files[path].Keys.ToArray()));
    }

    private void WriteSome()
    {
        if (PickStream() is not var (path, name))
        {
            return;
        }

        byte[] old = _files[path][name];
        int offset = _random.Next(3) == 0 ? old.Length : _random.Next(old.Length + 5000);
        byte[] piece = Bytes(Length());
        byte[] content = new byte[Math.Max(old.Length, piece.Length == 0 ? 0 : offset + piece.Length)];
        old.CopyTo(content, 0);
        piece.CopyTo(content, Math.Min(offset, content.Length - piece.Length));
        using var stream = _volume.OpenStream(GuestPath.Parse(path), name, writable: true);
        stream.WriteAt(offset, piece);
        _files[path][name] = content;
    }

    private void Resize()
    {
        if (PickStream() is not var (path, name))
        {
            return;
        }

        byte[] content = _files[path][name];
        Array.Resize(ref content, _random.Next(2) == 0 ? _random.Next(content.Length + 1) : Length());
        using var stream = _volume.OpenStream(GuestPath.Parse(path), name, writable: true);
        stream.SetLength(content.Length);
        _files[path][name] = content;
    }

    private void RenameFile()
    {
        if (_files.Count == 0)
        {
            return;
        }

        string from = Pick(_files.Keys.ToArray());
        string to = NewPath();
        _volume.Rename(GuestPath.Parse(from), GuestPath.Parse(to));
        _files.Remove(from, out var streams);
        _files[to] = streams!;
    }

    private void RenameFolder()
    {
        string from = Pick(_folders);
        string to = NewPath();
        if (from == root || (to + "\\").StartsWith(from + "\\", StringComparison.Ordinal))
        {
            return;
        }

        _volume.Rename(GuestPath.Parse(from), GuestPath.Parse(to));
        foreach (string path in _files.Keys.Where(f => f.StartsWith(from + "\\", StringComparison.Ordinal)).ToArray())
        {
            _files.Remove(path, out var streams);
            _files[to + path[from.Length..]] = streams!;
        }

        foreach (string path in _folders.Where(f => (f + "\\").StartsWith(from + "\\", StringComparison.Ordinal)).ToArray())
        {
            _folders.Remove(path);
            _folders.Add(to + path[from.Length..]);
        }
    }

    private void Delete()
    {
        if (_files.Count == 0)
        {
            return;
        }

        string path = Pick(_files.Keys.ToArray());
        _volume.Delete(GuestPath.Parse(path));
        _files.Remove(path);
        string? empty = _folders.FirstOrDefault(f => f != root && !_files.Keys.Concat(_folders).Any(o => o.StartsWith(f + "\\", StringComparison.Ordinal)));
        if (empty is not null && _random.Next(2) == 0)
        {
            _volume.Delete(GuestPath.Parse(empty));
            _folders.Remove(empty);
        }
    }

    private void ChangeStream()
    {
        if (PickStream() is not var (path, name))
        {
            return;
        }

        if (name.Length > 0)
        {
            _volume.DeleteStream(GuestPath.Parse(path), name);
            _files[path].Remove(name);
            return;
        }

        string added = "s" + _names++;
        _volume.CreateStream(GuestPath.Parse(path), added);
        byte[] content = Bytes(Length() / 4);
        using var stream = _volume.OpenStream(GuestPath.Parse(path), added, writable: true);
        stream.WriteAt(0, content);
        _files[path][added] = content;
    }
}
