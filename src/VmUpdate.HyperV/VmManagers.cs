using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

/// <summary>The systems that deploy, replace or move a machine by their own rules, by the traces that they leave on it.</summary>
/// <remarks>
/// RDS, the cluster and Replica are told by what they are made of. SCVMM and Citrix leave notes and names of files of which no
/// documentation speaks: a machine of theirs may go unseen.
/// </remarks>
internal static class VmManagers
{
    private const string RollbackPrefix = "RDV_ROLLBACK";
    private const string ScvmmNote = "CLUSTER-INVARIANT:{";
    private const string CitrixNote = "XdProvisioned";
    private const string CitrixDisk = "IdentityDisk";

    /// <summary>The managers of a machine, by commas; empty when none is known.</summary>
    /// <param name="system">The machine.</param>
    /// <param name="settings">Its settings and those of its checkpoints.</param>
    /// <param name="files">Its disks.</param>
    /// <param name="isClustered">Whether the cluster runs it.</param>
    internal static string Of(CimRecord system, IEnumerable<CimRecord> settings, IEnumerable<CimRecord> files, bool isClustered)
    {
        var notes = settings.SelectMany(setting => setting.Texts(Names.SystemSettings.Notes)).ToList();
        bool Notes(string mark) => notes.Any(note => note.IndexOf(mark, StringComparison.OrdinalIgnoreCase) >= 0);
        var found = new List<string>();
        if (settings.Any(IsRollback))
        {
            found.Add("RDS");
        }

        if (Notes(ScvmmNote))
        {
            found.Add("SCVMM");
        }

        if (Notes(CitrixNote) || files.Any(file => VmDrives.PathOf(file).IndexOf(CitrixDisk, StringComparison.OrdinalIgnoreCase) >= 0))
        {
            found.Add("Citrix MCS");
        }

        if (isClustered)
        {
            found.Add("failover cluster");
        }

        if (system.Number(Names.ComputerSystem.ReplicationMode) is > 0)
        {
            found.Add("Hyper-V Replica");
        }

        return string.Join(", ", found);
    }

    /// <summary>Whether settings are those of a checkpoint that RDS takes its machine back to at each log-off.</summary>
    internal static bool IsRollback(CimRecord settings) => IsCheckpoint(settings)
        && settings.Text(Names.SystemSettings.ElementName).StartsWith(RollbackPrefix, StringComparison.OrdinalIgnoreCase);

    internal static bool IsCheckpoint(CimRecord settings) =>
        settings.Text(Names.SystemSettings.VirtualSystemType).StartsWith(HyperVValues.Snapshot, StringComparison.Ordinal);
}
