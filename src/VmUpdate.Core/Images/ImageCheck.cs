using VmUpdate.Core.Identity;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <summary>
/// Looks a powered-off image through, from the file down to the last registry value: whether machines may be made from it. It is opened for
/// reading only. Files in the volume are not read.
/// </summary>
public sealed class ImageCheck
{
    private static readonly HiveName[] Hives = [HiveName.System, HiveName.Software, HiveName.Security, HiveName.Sam, HiveName.Default];

    private readonly List<ImageFinding> _findings = [];
    private readonly string _path;
    private readonly IDiskServices _services;
    private ImageCheckResult _result;
    private long _items;

    private ImageCheck(string path, IDiskServices services)
    {
        _path = path;
        _services = services;
        _result = new ImageCheckResult { Path = path, Findings = _findings };
    }

    /// <summary>Looks.</summary>
    /// <param name="path">The image's full path.</param>
    /// <param name="services">Where files come from.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>What was found; also when nothing of it can be read.</returns>
    public static ImageCheckResult Run(string path, IDiskServices services, CancellationToken cancellation)
    {
        var check = new ImageCheck(path, services);
        check.Try(() => check.LookAtFile(cancellation));
        return check._result with { RegistryItems = check._items };
    }

    private void LookAtFile(CancellationToken cancellation)
    {
        using VhdxDisk disk = VhdxDisk.Open(
            _path, new VhdxOpenOptions { Files = _services.Files, AllowedParentFolders = _services.AllowedParentFolders });
        _result = _result with { Chain = [.. disk.Chain.Select(file => file.Path)], DataWriteGuid = disk.DataWriteGuid };
        foreach (VhdxFileInfo file in disk.Chain.Where(file => file.HadPendingLog))
        {
            Find(Severity.Error, "ParentHasPendingLog", $"{file.Path} was not closed cleanly: its log holds writes that a hypervisor may refuse to read past.");
        }

        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = _path });
        if (guest.Volume.ServiceState == NtfsServiceState.Dirty)
        {
            Find(Severity.Error, "Disk" + nameof(DiskFormatDefect.VolumeDirty), $"{_path}: its volume is marked as not consistent; Windows would check it at the next start.");
        }

        foreach (HiveName hive in Hives)
        {
            cancellation.ThrowIfCancellationRequested();
            Try(() => LookAtHive(guest, hive));
        }

        Try(() => LookAtWindows(guest));
    }

    private void LookAtHive(GuestDisk guest, HiveName name)
    {
        RegistryHive hive = guest.OpenHive(name);
        if (hive.IsTorn)
        {
            Find(Severity.Error, "Disk" + nameof(DiskFormatDefect.Inconsistent), $"{_path}: the last write to the hive {name} never ended.");
        }

        for (RegistryWalker walker = hive.Walk(); walker.Read(); _items++)
        {
            _ = walker.IsValue ? walker.Data.Length : walker.Name.Length;
        }
    }

    private void LookAtWindows(GuestDisk guest)
    {
        _result = _result with
        {
            ComputerName = GuestImage.ReadComputerName(guest),
            WindowsBuild = guest.WindowsBuild,
            IsGeneralized = MasterFacts.Read(guest, allowSharedMachineSid: true).IsGeneralized,
        };
    }

    private void Try(Action look)
    {
        try
        {
            look();
        }
        catch (VmUpdateException failure) when (failure is DiskFormatException or HostFileException or IdentityException)
        {
            Find(Severity.Error, failure.Code, failure.Message);
        }
    }

    private void Find(Severity severity, string code, string message) => _findings.Add(new ImageFinding(severity, code, message));
}
