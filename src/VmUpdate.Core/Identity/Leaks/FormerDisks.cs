using System.Globalization;
using System.Text.RegularExpressions;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>
/// Tells the older disks of a machine from its present one, where both were looked at: a swap carries the identity from the one to the
/// other, so that they share it is as it should be.
/// </summary>
internal static class FormerDisks
{
    // The names that a swap gives: <machine>.r<revision>[.<eight digits of the swap>].vhdx
    private static readonly Regex Name = new(
        @"^(?<vm>.+)\.r(?<revision>\d{1,6})(\.[0-9a-f]{8})?\.a?vhdx$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>Marks the older ones.</summary>
    public static void Mark(IEnumerable<AuditedDisk> disks)
    {
        IEnumerable<IGrouping<string, (AuditedDisk Disk, int Revision)>> machines = disks
            .Where(disk => disk.Failure is null && disk.ComputerName.Length > 0)
            .Select(disk => (Disk: disk, Match: Name.Match(Path.GetFileName(disk.Path))))
            .Where(found => found.Match.Success)
            .GroupBy(
                found => $"{found.Match.Groups["vm"].Value}|{found.Disk.ComputerName}".ToUpperInvariant(),
                found => (found.Disk, int.Parse(found.Match.Groups["revision"].Value, CultureInfo.InvariantCulture)));
        foreach (IGrouping<string, (AuditedDisk Disk, int Revision)> machine in machines)
        {
            int newest = machine.Max(disk => disk.Revision);
            foreach ((AuditedDisk disk, int revision) in machine.Where(disk => disk.Revision < newest))
            {
                disk.IsSuperseded = revision < newest;
            }
        }
    }
}
