using VmUpdate.Core.Identity;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <summary>A disk that is only read, with the Windows on it. While it is open nobody can write the disk.</summary>
internal sealed class GuestImage : IDisposable
{
    private const string ComputerNameKey = @"CurrentControlSet\Control\ComputerName\ComputerName";

    private GuestImage(VhdxDisk disk, GuestDisk guest)
    {
        Disk = disk;
        Guest = guest;
    }

    public VhdxDisk Disk { get; }

    public GuestDisk Guest { get; }

    /// <summary>The path of the disk that it is a child of; empty when it is none.</summary>
    public string ParentPath => Disk.Chain.Count > 1 ? Disk.Chain[1].Path : string.Empty;

    /// <summary>That disk's DataWriteGuid.</summary>
    public Guid ParentDataWriteGuid => Disk.Chain.Count > 1 ? Disk.Chain[1].DataWriteGuid : Guid.Empty;

    public static GuestImage Open(string path, RunContext run)
    {
        VhdxDisk disk = VhdxDisk.Open(
            path,
            new VhdxOpenOptions
            {
                Files = run.Services.Files,
                Parents = run.Parents,
                AllowedParentFolders = run.Services.AllowedParentFolders,
            });
        try
        {
            return new GuestImage(disk, GuestDisk.Open(disk, new GuestDiskOptions { Subject = path }));
        }
        catch
        {
            disk.Dispose();
            throw;
        }
    }

    /// <summary>What a guest calls itself when it boots from a disk; empty when the disk does not say.</summary>
    public static string ReadComputerName(GuestDisk guest)
    {
        RegistryKey? key = guest.OpenHive(HiveName.System).Find(guest.ResolveKey(HiveName.System, ComputerNameKey));
        return key?.FindValue("ComputerName") is { } value ? GuestDisk.TextOf(value) : string.Empty;
    }

    public void Dispose()
    {
        Guest.Dispose();
        Disk.Dispose();
    }
}
