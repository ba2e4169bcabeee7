using System.Text.Json;
using VmUpdate.Core.Identity;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Support;

namespace VmUpdate.Core.Tests.Identity.Secrets;

/// <summary>The old disk and the master of one of the pairs, unpacked and opened for reading, and what is to be found on them.</summary>
public abstract class PairDisks : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<IDisposable> _opened = [];
    private readonly string _name;
    private GuestDisk? _old;
    private GuestDisk? _master;

    private protected PairDisks(string name) => _name = name;

    /// <summary>Unpacked when first asked for, so that a test without the corpora is skipped and not failed.</summary>
    public GuestDisk Old => _old ??= Open("old");

    public GuestDisk Master => _master ??= Open("master");

    public static byte[] Read(GuestDisk disk, GuestPath path)
    {
        using IBlockFile stream = disk.Volume.OpenStream(path);
        byte[] bytes = new byte[stream.Length];
        stream.ReadAt(0, bytes);
        return bytes;
    }

    public static byte[] ReadHive(GuestDisk disk, string name) => Read(disk, Under(disk, $"System32\\config\\{name}"));

    public static GuestPath Under(GuestDisk disk, string path) =>
        GuestPath.Parse(path).Parts.Aggregate(disk.WindowsFolder, (folder, part) => folder.Append(part));

    /// <summary>The items of a set of the pair's expectations.</summary>
    public IReadOnlyList<JsonElement> Items(string set)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Corpora.PathOf($"vhdx/{_name}-expected.json")));
        JsonElement found = document.RootElement.GetProperty("sets").EnumerateArray().Single(each => each.GetProperty("set").GetString() == set);
        return found.GetProperty("items").EnumerateArray().Select(item => item.Clone()).ToList();
    }

    public void Dispose()
    {
        for (int index = _opened.Count - 1; index >= 0; index--)
        {
            _opened[index].Dispose();
        }

        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private GuestDisk Open(string which)
    {
        string path = Corpora.Open($"vhdx/{_name}-{which}.vhdx.gz", _folder);
        foreach (string parent in new[] { "mid", "base" })
        {
            if (_name == "pair2" && which == "old")
            {
                Corpora.Open($"vhdx/{_name}-{which}-{parent}.vhdx.gz", _folder);
            }
        }

        VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem() });
        _opened.Add(disk);
        GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = $"{_name}-{which}" });
        _opened.Add(guest);
        return guest;
    }
}

public sealed class FirstPair() : PairDisks("pair");

public sealed class SecondPair() : PairDisks("pair2");
