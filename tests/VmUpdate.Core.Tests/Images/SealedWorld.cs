using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Lab;
using VmUpdate.Simulation.Machines;

namespace VmUpdate.Core.Tests.Images;

/// <summary>A lab with a pooled machine whose disk has secrets, sealed as Windows seals them, and a master with others.</summary>
internal sealed class SealedWorld : IDisposable
{
    private SealedWorld(SwapWorld world) => World = world;

    public SwapWorld World { get; }

    public VmKey Vm { get; private set; }

    public string OldPath => World.Lab.Folder + "-old.vhdx";

    public string MasterPath => World.Lab.Folder + "-master.vhdx";

    /// <summary>A path in the world's own folder.</summary>
    public string PathOf(string name) => Path.Combine(World.Folder, name);

    public IdentityExchange Exchange => new(new UpdaterServices
    {
        Hypervisor = World.Lab,
        Store = World.Store,
        Files = World.Files,
        Identities = World.Identities,
        Catalogue = IdentityCatalogue.LoadBuiltIn(),
        Clock = World.Clock,
    });

    public VmSelection Selected => VmSelection.ById(Vm.VmId);

    public static async Task<SealedWorld> CreateAsync(SealedMachine old, SealedMachine master)
    {
        SealedWorld made = new(await SwapWorld.CreateAsync(pooled: 0));
        made.World.Identities = made.World.OpenFolderStore();
        old.Save(made.OldPath);
        master.Save(made.MasterPath);
        made.Vm = await made.AdoptAsync("PC7", made.OldPath);
        return made;
    }

    /// <summary>The same with disks that there are.</summary>
    public static async Task<SealedWorld> AdoptAsync(string oldPath)
    {
        SealedWorld made = new(await SwapWorld.CreateAsync(pooled: 0));
        made.World.Identities = made.World.OpenFolderStore();
        made.Vm = await made.AdoptAsync("PC7", oldPath);
        return made;
    }

    public Task<VmKey> AdoptAsync(string name, string diskPath) => LabFactory.AdoptAsync(
        World.Lab, name, diskPath, World.Contents.Pool, new LabOptions { Files = new HostFileSystem(), Clock = World.Clock }, CancellationToken.None);

    public Task<PooledVmUpdateResult> UpdateAsync(SwapOptions? options = null) => World.UpdateAsync(MasterPath, options, vm: Vm);

    public async Task<PooledVmUpdateResult> RestoreAsync(SwapOptions? options = null) =>
        (await World.Updater().RestoreAsync(Selected, options ?? new SwapOptions(), null, CancellationToken.None)).Single();

    public Task<string> DiskAsync() => World.BootPathAsync(Vm);

    /// <summary>Changes a disk, as its Windows does while it runs.</summary>
    public static void Change(string path, Action<GuestDisk> change)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem(), Writable = true, NewGuid = Guid.NewGuid });
        using (GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path, Writable = true, UtcNow = () => DateTime.UtcNow }))
        {
            change(guest);
            guest.Commit();
        }

        disk.Complete();
    }

    public static T Look<T>(string path, Func<GuestDisk, T> look)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem() });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
        return look(guest);
    }

    /// <summary>Netlogon's change of the machine's secret: the present one becomes the former.</summary>
    public static void Rotate(GuestDisk disk, string secret, DateTime when)
    {
        using GuestSecrets secrets = GuestSecrets.Open(disk);
        var key = secrets.FindKey("$MACHINE.ACC")!;
        byte[] present = key.FindSubKey("CurrVal")!.FindValue(string.Empty)!.Data;
        key.FindSubKey("OldVal")!.SetValue(string.Empty, 0, present);
        using SecretBuffer plain = SecretBuffer.CopyOf(Encoding.Unicode.GetBytes(secret));
        key.FindSubKey("CurrVal")!.SetValue(string.Empty, 0, secrets.Seal(present, plain, SystemSalt.Fill, "test"));
        key.FindSubKey("OupdTime")!.SetValue(string.Empty, 0, key.FindSubKey("CupdTime")!.FindValue(string.Empty)!.Data);
        key.FindSubKey("CupdTime")!.SetValue(string.Empty, 0, BitConverter.GetBytes(when.ToFileTimeUtc()));
    }

    /// <summary>Both states of the machine's secret on a disk, which is text here.</summary>
    public static (string? Current, string? Former) Secret(string path) => Look(path, disk =>
    {
        using GuestSecrets secrets = GuestSecrets.Open(disk);
        using SecretBuffer? current = secrets.Read("$MACHINE.ACC", LsaSecretPart.CurrVal);
        using SecretBuffer? former = secrets.Read("$MACHINE.ACC", LsaSecretPart.OldVal);
        return (Text(current), Text(former));

        static string? Text(SecretBuffer? secret) => secret is null ? null : Encoding.Unicode.GetString(secret.Span);
    });

    /// <summary>A master key as it opens on a disk.</summary>
    public static byte[]? MasterKey(string path, Guid id) => Look(path, disk =>
    {
        using GuestSecrets secrets = GuestSecrets.Open(disk);
        using DpapiSystem system = DpapiSystem.Read(secrets);
        NtfsEntry? entry = MasterKeyStore.Enumerate(disk).SingleOrDefault(found => found.Path.Name == id.ToString());
        if (entry is null)
        {
            return null;
        }

        using SecretBuffer key = MasterKeyStore.Read(disk, entry).Open(system, MasterKeyStore.LikelyPart(entry)).Key;
        return key.Span.ToArray();
    });

    public static void WriteFile(GuestDisk disk, string path, byte[] bytes)
    {
        GuestPath file = GuestPath.Parse(path);
        MakeFolder(file.Parent);
        disk.Volume.Create(file, new NtfsCreateProperties());
        using IBlockFile stream = disk.Volume.OpenStream(file, writable: true);
        stream.WriteAt(0, bytes);

        void MakeFolder(GuestPath folder)
        {
            if (disk.Volume.Find(folder) is null)
            {
                MakeFolder(folder.Parent);
                disk.Volume.Create(folder, new NtfsCreateProperties { IsDirectory = true });
            }
        }
    }

    public void Dispose() => World.Dispose();
}
