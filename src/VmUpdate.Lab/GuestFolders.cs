using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Lab;

/// <summary>Files on a guest's volume, with the folders above them.</summary>
internal static class GuestFolders
{
    public static void Make(NtfsVolume volume, string path)
    {
        GuestPath folder = GuestPath.Root;
        foreach (string part in GuestPath.Parse(path).Parts)
        {
            folder = folder.Append(part);
            if (volume.Find(folder) is null)
            {
                volume.Create(folder, new NtfsCreateProperties { IsDirectory = true });
            }
        }
    }

    public static void Write(NtfsVolume volume, string path, byte[] content)
    {
        GuestPath file = GuestPath.Parse(path);
        Make(volume, file.Parent.ToString());
        if (volume.Find(file) is not null)
        {
            volume.Delete(file);
        }

        volume.Create(file, new NtfsCreateProperties());
        using IBlockFile stream = volume.OpenStream(file, writable: true);
        stream.WriteAt(0, content);
    }
}
