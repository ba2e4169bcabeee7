using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

/// <summary>The drives of a machine: which file is on which, where each hangs, and what is booted from first.</summary>
/// <remarks>
/// A file's settings name the drive as their parent, the drive's name the controller; both as paths of WMI. SCSI controllers have no number
/// of their own: they are counted by their ids, so that each keeps its number.
/// </remarks>
internal static class VmDrives
{
    /// <summary>The drives of a machine that have a hard disk.</summary>
    /// <param name="files">The machine's files on drives.</param>
    /// <param name="resources">The machine's drives and controllers.</param>
    internal static IReadOnlyList<VmDrive> Read(IReadOnlyList<CimRecord> files, IReadOnlyList<CimRecord> resources)
    {
        Dictionary<string, CimRecord> byId = resources.ToDictionary(
            resource => resource.Text(Names.ResourceSettings.InstanceId), StringComparer.OrdinalIgnoreCase);
        List<string> scsi = resources
            .Where(resource => resource.Text(Names.ResourceSettings.ResourceSubType) == HyperVValues.ScsiController)
            .Select(resource => resource.Text(Names.ResourceSettings.InstanceId))
            .OrderBy(id => id, StringComparer.OrdinalIgnoreCase)
            .ToList();
        var drives = new List<VmDrive>();
        foreach (CimRecord file in files.Where(IsHardDisk))
        {
            if (Find(byId, file.Text(Names.StorageSettings.Parent)) is { } drive && Locate(drive, byId, scsi) is { } location)
            {
                drives.Add(new VmDrive(location, drive, file, PathOf(file)));
            }
        }

        // A disk of the host's that is passed through has no file; it may still be what is booted from.
        foreach (CimRecord drive in resources.Where(resource => resource.Text(Names.ResourceSettings.ResourceSubType) == HyperVValues.PhysicalDrive))
        {
            if (Locate(drive, byId, scsi) is { } location)
            {
                drives.Add(new VmDrive(location, drive, null, drive.Texts(Names.ResourceSettings.HostResource).FirstOrNone() ?? string.Empty));
            }
        }

        return drives.OrderBy(drive => drive.Location.Controller).ThenBy(drive => drive.Location.ControllerNumber).ThenBy(drive => drive.Location.Slot).ToList();
    }

    internal static bool IsHardDisk(CimRecord file) =>
        file.Text(Names.StorageSettings.ResourceSubType) == HyperVValues.HardDisk && PathOf(file).Length > 0;

    internal static string PathOf(CimRecord file) => file.Texts(Names.StorageSettings.HostResource).FirstOrNone() ?? string.Empty;

    /// <summary>The place of generation 1's first disk in its boot order: the BIOS is given the first IDE disk only.</summary>
    /// <param name="settings">The machine's settings.</param>
    /// <param name="drives">Its drives, by location.</param>
    internal static IReadOnlyDictionary<DiskLocation, int> OrderOfGeneration1(CimRecord settings, IReadOnlyList<VmDrive> drives)
    {
        var order = new Dictionary<DiskLocation, int>();
        int place = settings.Numbers(Names.SystemSettings.BootOrder).ToList().IndexOf(HyperVValues.BootFromIdeDisk);
        if (place >= 0 && drives.FirstOrDefault(drive => drive.Location.Controller == DiskController.Ide) is { } first)
        {
            order[first.Location] = place;
        }

        return order;
    }

    private static CimRecord? Find(Dictionary<string, CimRecord> byId, string path) =>
        CimPath.TryParse(path) is { } parsed
        && parsed.Keys.TryGetValue(Names.ResourceSettings.InstanceId, out object? id)
        && byId.TryGetValue((string)id, out CimRecord? found) ? found : null;

    private static DiskLocation? Locate(CimRecord drive, Dictionary<string, CimRecord> byId, List<string> scsi)
    {
        if (!int.TryParse(drive.Text(Names.ResourceSettings.AddressOnParent), out int slot)
            || Find(byId, drive.Text(Names.ResourceSettings.Parent)) is not { } controller)
        {
            return null;
        }

        return controller.Text(Names.ResourceSettings.ResourceSubType) switch
        {
            HyperVValues.IdeController when int.TryParse(controller.Text(Names.ResourceSettings.Address), out int number) =>
                new DiskLocation(DiskController.Ide, number, slot),
            HyperVValues.ScsiController =>
                new DiskLocation(DiskController.Scsi, scsi.IndexOf(controller.Text(Names.ResourceSettings.InstanceId)), slot),
            _ => null,
        };
    }
}
