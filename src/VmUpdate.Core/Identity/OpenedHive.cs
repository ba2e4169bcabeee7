using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>A hive with the streams it lies in.</summary>
internal sealed class OpenedHive : IDisposable
{
    private readonly List<IBlockFile> _files;

    private OpenedHive(RegistryHive hive, List<IBlockFile> files)
    {
        Hive = hive;
        _files = files;
    }

    public RegistryHive Hive { get; }

    public static OpenedHive Open(NtfsVolume volume, GuestPath path, GuestDiskOptions options)
    {
        if (volume.Find(path) is not { IsDirectory: false })
        {
            throw new IdentityException(IdentityFailure.HiveIncomplete, options.Subject, $"the hive {path} is not on the disk.");
        }

        var files = new List<IBlockFile>();
        try
        {
            files.Add(volume.OpenStream(path, writable: options.Writable));
            foreach (string extension in new[] { ".LOG", ".LOG1", ".LOG2" })
            {
                GuestPath log = path.Parent.Append(path.Name + extension);
                if (volume.Find(log) is { IsDirectory: false, Length: > 0 })
                {
                    files.Add(volume.OpenStream(log, writable: options.Writable));
                }
            }

            var how = new RegistryOpenOptions { Writable = options.Writable, UtcNow = options.UtcNow, WriteLog = options.WriteHiveLogs };
            return new OpenedHive(RegistryHive.Open(files[0], files.Skip(1).ToList(), how), files);
        }
        catch (DiskFormatException failure)
        {
            files.ForEach(file => file.Dispose());
            throw failure.In($"{options.Subject}, {path}");
        }
    }

    public void Dispose()
    {
        Hive.Dispose();
        _files.ForEach(file => file.Dispose());
    }
}
