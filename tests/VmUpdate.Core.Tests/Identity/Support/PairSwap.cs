using System.Security.Cryptography;
using System.Text.Json;
using VmUpdate.Core.Identity;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Partitions;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Support;

/// <summary>The swap of the identity of one of the prepared pairs: old disk, master, and a child of the master with what was carried.</summary>
internal sealed class PairSwap : IDisposable
{
    private static readonly Dictionary<string, string[]> Disks = new()
    {
        ["pair"] = ["pair-old", "pair-master"],
        ["pair2"] = ["pair2-old", "pair2-old-mid", "pair2-old-base", "pair2-master"],
    };

    private readonly TempFolder _folder = new();
    private readonly HostFileSystem _files = new();
    private readonly List<IDisposable> _open = [];
    private readonly IdentityCatalogue _catalogue;

    private PairSwap(string pair, IdentityOptions options, IdentityCatalogue catalogue)
    {
        _catalogue = catalogue;
        Pair = pair;
        Options = options;
        Expected = JsonDocument.Parse(File.ReadAllBytes(Corpora.PathOf($"vhdx/{pair}-expected.json")));
        foreach (string disk in Disks[pair])
        {
            Corpora.Open($"vhdx/{disk}.vhdx.gz", _folder);
        }
    }

    public string Pair { get; }

    public IdentityOptions Options { get; }

    public JsonDocument Expected { get; }

    public string OldPath => _folder.File($"{Pair}-old.vhdx");

    public string MasterPath => _folder.File($"{Pair}-master.vhdx");

    public string ChildPath => _folder.File("child.vhdx");

    public IdentityPlan Plan { get; private set; } = null!;

    public IdentityManifest Manifest { get; private set; } = null!;

    public GuestDisk Result { get; private set; } = null!;

    public GuestDisk Master { get; private set; } = null!;

    public static PairSwap Run(string pair, IdentityOptions options, IdentityCatalogue? catalogue = null)
    {
        var swap = new PairSwap(pair, options, catalogue ?? IdentityCatalogue.LoadBuiltIn());
        try
        {
            string[] before = swap.Hashes();
            swap.Swap();
            Assert.Equal(before, swap.Hashes());
            swap.Result = swap.Open(swap.ChildPath);
            swap.Master = swap.Open(swap.MasterPath);
            return swap;
        }
        catch
        {
            swap.Dispose();
            throw;
        }
    }

    public string PathFor(string name) => _folder.File(name);

    /// <summary>What a step changes: a place as <see cref="DiskContents"/> names it, with what is below.</summary>
    public bool Touches(HiveName hive, string place) => Manifest.Items.Any(item => item.File is null
        && item.Kind is not (ManifestItemKind.File or ManifestItemKind.Folder)
        && item.Hive == hive
        && IsPlaceOf(item, Result.ResolveKey(hive, item.Path), place));

    /// <summary>What a step changes on the volume.</summary>
    public bool Touches(string path) => Manifest.Items.Any(item => string.Equals(item.Path, path, StringComparison.OrdinalIgnoreCase)
        || (item.Action == ManifestAction.Rename && string.Equals(item.Name, path, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Where the Windows volume is, in bytes.</summary>
    public (long Offset, long Length) WindowsVolume()
    {
        JsonElement described = Expected.RootElement.GetProperty("ntfs_partition");
        int number = (described.TryGetProperty("master", out JsonElement master) ? master : described).GetProperty("number").GetInt32();
        using VhdxDisk disk = VhdxDisk.Open(MasterPath, new VhdxOpenOptions { Files = _files });
        Partition partition = PartitionTable.Read(disk).Partitions.Single(partition => partition.Number == number);
        return (partition.Offset, partition.Length);
    }

    public void Dispose()
    {
        _open.Reverse<IDisposable>().ToList().ForEach(open => open.Dispose());
        Expected.Dispose();
        _folder.Dispose();
    }

    private static bool IsPlaceOf(ManifestItem item, string key, string place) => item.Kind switch
    {
        ManifestItemKind.Value => string.Equals(place, $"{key} : {item.Name}", StringComparison.OrdinalIgnoreCase),
        ManifestItemKind.KeyShell or ManifestItemKind.ClassName => string.Equals(place, key + "\\", StringComparison.OrdinalIgnoreCase),
        _ => place.StartsWith(key + "\\", StringComparison.OrdinalIgnoreCase) || place.StartsWith(key + " : ", StringComparison.OrdinalIgnoreCase),
    };

    private void Swap()
    {
        var transfer = new IdentityTransfer(_catalogue);
        IHostFolder identities = _files.CreateFolder(_folder.File("identities"), ownerOnly: true);
        var store = new FolderIdentityStore(identities, Guid.NewGuid);
        string id;
        using (VhdxDisk oldDisk = VhdxDisk.Open(OldPath, new VhdxOpenOptions { Files = _files }))
        using (VhdxDisk masterDisk = VhdxDisk.Open(MasterPath, new VhdxOpenOptions { Files = _files }))
        using (GuestDisk old = GuestDisk.Open(oldDisk, new GuestDiskOptions { Subject = OldPath }))
        using (GuestDisk master = GuestDisk.Open(masterDisk, new GuestDiskOptions { Subject = MasterPath }))
        {
            Plan = transfer.Plan(old, master, Options);
            using IdentityBundle taken = transfer.Preserve(old, master, Plan, Options);
            id = store.Save(taken);
        }

        using IdentityBundle bundle = store.Load(id, Options.VmId);
        Manifest = bundle.Manifest;
        var create = new VhdxCreateOptions { Files = _files, NewGuid = Guid.NewGuid };
        using (VhdxDisk childDisk = VhdxDisk.CreateDifferencing(ChildPath, MasterPath, create))
        {
            var options = new GuestDiskOptions { Subject = ChildPath, Writable = true, UtcNow = () => DateTime.UtcNow };
            using (GuestDisk child = GuestDisk.Open(childDisk, options))
            {
                transfer.Restore(child, bundle);
                child.Commit();
            }

            childDisk.Complete();
        }

        using GuestDisk result = Open(ChildPath);
        transfer.Verify(result, bundle);
    }

    private GuestDisk Open(string path)
    {
        VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = _files });
        _open.Add(disk);
        GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
        _open.Add(guest);
        return guest;
    }

    private string[] Hashes() => Disks[Pair].Select(disk =>
    {
        using FileStream file = File.OpenRead(_folder.File(disk + ".vhdx"));
        return Convert.ToHexString(SHA256.HashData(file));
    }).ToArray();
}
