using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Fuzz.Targets;

/// <summary>A volume: every file read, and changes.</summary>
public sealed class NtfsTarget : FuzzTarget
{
    private static readonly DateTime Time = new(2026, 2, 1, 0, 0, 0, DateTimeKind.Utc);

    // An honest tree is shallow; a hostile one is cut off here rather than followed into its loops.
    private const int MostFolders = 200;

    private readonly byte[][][] _seeds = [[Volume()]];

    public override string Name => "ntfs";

    public override long AllocationLimit => 256L * 1024 * 1024;

    protected override IReadOnlyList<byte[][]> Seeds => _seeds;

    protected override void Repair(FuzzFile[] files)
    {
        // The format has no checksums.
    }

    protected override void Exercise(FuzzFile[] files, Random random)
    {
        bool writable = random.Next(2) == 0;
        using var volume = NtfsVolume.Open(files[0], new NtfsOpenOptions { Writable = writable, UtcNow = () => Time });
        int left = MostFolders;
        Visit(volume, GuestPath.Root, ref left);
        if (writable)
        {
            Change(volume, random);
        }
    }

    private static void Visit(NtfsVolume volume, GuestPath folder, ref int left)
    {
        var entries = new List<NtfsEntry>();
        try
        {
            entries.AddRange(volume.Enumerate(folder));
        }
        catch (VmUpdateException)
        {
            return;
        }

        foreach (NtfsEntry entry in entries)
        {
            if (--left < 0)
            {
                return;
            }

            try
            {
                volume.GetSecurityDescriptor(entry.Path);
                foreach (NtfsStreamInfo stream in volume.GetStreams(entry.Path))
                {
                    Read(volume, entry.Path, stream.Name);
                }

                if (entry.ReparseTag != 0)
                {
                    volume.GetReparsePoint(entry.Path);
                }
            }
            catch (VmUpdateException)
            {
                continue;
            }

            if (entry.IsDirectory)
            {
                Visit(volume, entry.Path, ref left);
            }
        }
    }

    private static void Read(NtfsVolume volume, GuestPath path, string stream)
    {
        using IBlockFile file = volume.OpenStream(path, stream);
        byte[] buffer = new byte[(int)Math.Min(file.Length, 64 * 1024)];
        file.ReadAt(0, buffer);
        file.ReadAt(file.Length - buffer.Length, buffer);
    }

    private static void Change(NtfsVolume volume, Random random)
    {
        for (int i = 0; i < 4; i++)
        {
            GuestPath path = GuestPath.Parse($@"Folder{random.Next(4)}\File{random.Next(30)}");
            switch (random.Next(4))
            {
                case 0:
                    volume.Delete(path);
                    break;
                case 1:
                    volume.Create(GuestPath.Parse($@"Folder{random.Next(4)}\New{random.Next(1000)}"), new NtfsCreateProperties());
                    break;
                default:
                    using (IBlockFile file = volume.OpenStream(path, writable: true))
                    {
                        file.WriteAt(Math.Min(file.Length, random.Next(20000)), new byte[random.Next(40000)]);
                        file.SetLength(random.Next(60000));
                    }

                    break;
            }
        }

        volume.Flush();
    }

    private static byte[] Volume()
    {
        var device = new FuzzFile(new byte[NtfsFormatter.MinSize]);
        NtfsFormatter.Format(device, new NtfsFormatOptions { SerialNumber = 1, UtcNow = Time });
        using (var volume = NtfsVolume.Open(device, new NtfsOpenOptions { Writable = true, UtcNow = () => Time }))
        {
            for (int folder = 0; folder < 4; folder++)
            {
                volume.Create(GuestPath.Parse($"Folder{folder}"), new NtfsCreateProperties { IsDirectory = true });
                for (int i = 0; i < 30; i++)
                {
                    GuestPath path = GuestPath.Parse($@"Folder{folder}\File{i}");
                    volume.Create(path, new NtfsCreateProperties());
                    using IBlockFile file = volume.OpenStream(path, writable: true);
                    file.WriteAt(0, new byte[i * 300]);
                }
            }

            volume.CreateStream(GuestPath.Parse(@"Folder1\File1"), "named");
            volume.Flush();
        }

        return device.ToArray();
    }
}
