using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Store;

/// <summary>Where a store may lie: on a local file system, in a folder that nobody but its owner may change.</summary>
internal static class StoreFolder
{
    public static IHostFolder Open(string folder, IHostFileSystem files)
    {
        IHostFolder opened;
        try
        {
            opened = OpenOrCreate(folder, files);
        }
        catch (HostFileException failure)
        {
            throw new StoreException(
                StoreFailure.NotWritable, folder, $"the store's folder cannot be made or entered ({failure.Failure}).", failure);
        }

        if (HostAccess.IsOnNetwork(opened.Path))
        {
            throw new StoreException(
                StoreFailure.NotLocal,
                folder,
                "it is on a network file system, where what was committed may be lost. Name a folder on a disk of this computer.");
        }

        RequireOwnerOnly(opened.Path);
        return opened;
    }

    public static void RequireOwnerOnly(string path)
    {
        if (HostAccess.FindOtherWriter(path) is { } who)
        {
            throw new StoreException(
                StoreFailure.TooOpen,
                path,
                $"{who} may write to it, and could so have disks switched. Take that right away (chmod go-w, or icacls), and call again.");
        }
    }

    private static IHostFolder OpenOrCreate(string folder, IHostFileSystem files)
    {
        try
        {
            return files.OpenFolder(folder);
        }
        catch (HostFileException failure) when (failure.Failure == HostFileFailure.NotFound)
        {
            return files.CreateFolder(folder, ownerOnly: true);
        }
    }
}
