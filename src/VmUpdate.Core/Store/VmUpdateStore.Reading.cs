using Microsoft.Data.Sqlite;
using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Store;

public sealed partial class VmUpdateStore
{
    private const string MachineColumns =
        "SELECT m.host_id, m.vm_id, m.name, m.role, p.name FROM machines m LEFT JOIN pools p ON p.id = m.pool_id";

    private const string RevisionColumns = """
        SELECT host_id, vm_id, number, path, parent_path, parent_data_write_guid, state, previous, kept_until_utc FROM disk_revisions
        """;

    private const string SwapColumns = """
        SELECT id, host_id, vm_id, vm_name, pool, direction, controller, controller_number, slot, old_path, new_path, parent_path,
            parent_data_write_guid, old_revision, new_revision, power_found, owner, process_id, began_utc, state, ended_utc, bundle_id,
            users_logged_off, error_id, error, computer_name, sets_carried, sets_stripped, sets_lost,
            old_parent_path
        FROM swaps
        """;

    /// <summary>The pools of a host, by name.</summary>
    /// <param name="hostId">The host.</param>
    /// <returns>The pools.</returns>
    public IReadOnlyList<PoolRecord> GetPools(string hostId) => Query(
        "SELECT name, host_id, master_path, keep_seconds FROM pools WHERE host_id = $host ORDER BY name_key", MakePool, ("$host", hostId));

    /// <summary>A pool.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="name">The pool's name, without case.</param>
    /// <returns>The pool, or <see langword="null"/>.</returns>
    public PoolRecord? FindPool(string hostId, string name) => Query(
        "SELECT name, host_id, master_path, keep_seconds FROM pools WHERE host_id = $host AND name_key = $key",
        MakePool,
        ("$host", hostId),
        ("$key", StoreTransaction.Key(name))).SingleOrDefault();

    /// <summary>What was declared about the machines of a host.</summary>
    /// <param name="hostId">The host.</param>
    /// <returns>The declarations, by name.</returns>
    public IReadOnlyList<MachineRecord> GetMachines(string hostId) =>
        Query($"{MachineColumns} WHERE m.host_id = $host ORDER BY m.name, m.vm_id", MakeMachine, ("$host", hostId));

    /// <summary>What was declared about a machine.</summary>
    /// <param name="vm">The machine.</param>
    /// <returns>The declaration, or <see langword="null"/> when there is none.</returns>
    public MachineRecord? FindMachine(VmKey vm) => Query(
        $"{MachineColumns} WHERE m.host_id = $host AND m.vm_id = $vm",
        MakeMachine,
        ("$host", vm.HostId),
        ("$vm", StoreSql.Text(vm.VmId))).SingleOrDefault();

    /// <summary>The disks that a machine has had, the first one first.</summary>
    /// <param name="vm">The machine.</param>
    /// <returns>The disks.</returns>
    public IReadOnlyList<DiskRevision> GetRevisions(VmKey vm) => Query(
        $"{RevisionColumns} WHERE host_id = $host AND vm_id = $vm ORDER BY number",
        MakeRevision,
        ("$host", vm.HostId),
        ("$vm", StoreSql.Text(vm.VmId)));

    /// <summary>The disks that all machines of a host have had.</summary>
    /// <param name="hostId">The host.</param>
    /// <returns>The disks, by machine and number.</returns>
    public IReadOnlyList<DiskRevision> GetRevisions(string hostId) =>
        Query($"{RevisionColumns} WHERE host_id = $host ORDER BY vm_id, number", MakeRevision, ("$host", hostId));

    /// <summary>The swaps of a host that have not ended.</summary>
    /// <param name="hostId">The host.</param>
    /// <returns>The swaps, the oldest first.</returns>
    public IReadOnlyList<SwapRecord> GetOpenSwaps(string hostId) =>
        Query($"{SwapColumns} WHERE host_id = $host AND ended_utc IS NULL ORDER BY began_utc", MakeSwap, ("$host", hostId));

    /// <summary>The swap of a machine that has not ended.</summary>
    /// <param name="vm">The machine.</param>
    /// <returns>The swap, or <see langword="null"/>.</returns>
    public SwapRecord? FindOpenSwap(VmKey vm) => Query(
        $"{SwapColumns} WHERE host_id = $host AND vm_id = $vm AND ended_utc IS NULL",
        MakeSwap,
        ("$host", vm.HostId),
        ("$vm", StoreSql.Text(vm.VmId))).SingleOrDefault();

    /// <summary>All swaps of a machine.</summary>
    /// <param name="vm">The machine.</param>
    /// <returns>The swaps, the oldest first.</returns>
    public IReadOnlyList<SwapRecord> GetSwaps(VmKey vm) => Query(
        $"{SwapColumns} WHERE host_id = $host AND vm_id = $vm ORDER BY began_utc",
        MakeSwap,
        ("$host", vm.HostId),
        ("$vm", StoreSql.Text(vm.VmId)));

    /// <summary>A swap's journal.</summary>
    /// <param name="swapId">The swap.</param>
    /// <returns>Its lines, in order.</returns>
    public IReadOnlyList<SwapStep> GetSteps(Guid swapId) => Query(
        "SELECT state, began_utc, note FROM swap_steps WHERE swap_id = $swap ORDER BY number",
        row => new SwapStep(StoreSql.Enum<SwapState>(row.GetString(0)), StoreSql.Time(row.GetString(1)), row.GetString(2)),
        ("$swap", StoreSql.Text(swapId)));

    private static PoolRecord MakePool(SqliteDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetString(2), TimeSpan.FromSeconds(row.GetInt64(3)));

    private static VmKey MakeKey(SqliteDataReader row, int column) => new(row.GetString(column), Guid.Parse(row.GetString(column + 1)));

    private static MachineRecord MakeMachine(SqliteDataReader row) => new(
        MakeKey(row, 0), row.GetString(2), StoreSql.Enum<MachineRole>(row.GetString(3)), row.IsDBNull(4) ? null : row.GetString(4));

    private static DiskRevision MakeRevision(SqliteDataReader row) => new(
        MakeKey(row, 0),
        row.GetInt32(2),
        row.GetString(3),
        row.GetString(4),
        Guid.Parse(row.GetString(5)),
        StoreSql.Enum<DiskRevisionState>(row.GetString(6)),
        row.GetInt32(7),
        row.IsDBNull(8) ? null : StoreSql.Time(row.GetString(8)));

    private static SwapRecord MakeSwap(SqliteDataReader row) => new()
    {
        Id = Guid.Parse(row.GetString(0)),
        Vm = MakeKey(row, 1),
        VmName = row.GetString(3),
        Pool = row.GetString(4),
        Direction = StoreSql.Enum<SwapDirection>(row.GetString(5)),
        Location = new DiskLocation(StoreSql.Enum<DiskController>(row.GetString(6)), row.GetInt32(7), row.GetInt32(8)),
        OldPath = row.GetString(9),
        NewPath = row.GetString(10),
        ParentPath = row.GetString(11),
        ParentDataWriteGuid = Guid.Parse(row.GetString(12)),
        OldRevision = row.GetInt32(13),
        NewRevision = row.GetInt32(14),
        PowerFound = StoreSql.Enum<VmPowerState>(row.GetString(15)),
        Owner = row.GetString(16),
        ProcessId = row.GetInt32(17),
        Began = StoreSql.Time(row.GetString(18)),
        State = StoreSql.Enum<SwapState>(row.GetString(19)),
        Ended = row.IsDBNull(20) ? null : StoreSql.Time(row.GetString(20)),
        BundleId = row.GetString(21),
        UsersLoggedOff = StoreTransaction.SplitNames(row.GetString(22)),
        ErrorId = row.GetString(23),
        Error = row.GetString(24),
        ComputerName = row.GetString(25),
        SetsCarried = StoreTransaction.SplitNames(row.GetString(26)),
        SetsStripped = StoreTransaction.SplitNames(row.GetString(27)),
        SetsLost = StoreTransaction.SplitNames(row.GetString(28)),
        OldParentPath = row.GetString(29),
    };
}
