using System.Globalization;
using Microsoft.Data.Sqlite;

namespace VmUpdate.Core.Store;

/// <summary>Changes of the store that are made together or not at all.</summary>
public sealed partial class StoreTransaction
{
    private const char NameSeparator = '\n'; // no account's or set's name holds one

    private readonly StoreConnection _connection;

    internal StoreTransaction(StoreConnection connection) => _connection = connection;

    /// <summary>Adds a pool, or changes the one of that name.</summary>
    /// <param name="pool">The pool.</param>
    public void SavePool(PoolRecord pool) => StoreSql.Run(
        _connection,
        """
        INSERT INTO pools (host_id, name, name_key, master_path, keep_seconds) VALUES ($host, $name, $key, $master, $keep)
        ON CONFLICT (host_id, name_key) DO UPDATE SET master_path = $master, keep_seconds = $keep
        """,
        ("$host", pool.HostId),
        ("$name", pool.Name),
        ("$key", Key(pool.Name)),
        ("$master", pool.MasterPath),
        ("$keep", (long)pool.KeepOldDisksFor.TotalSeconds));

    /// <summary>Removes a pool that no machine is in, and whose master is not being updated.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="name">The pool's name, without case.</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.InUse"/>.</exception>
    public void RemovePool(string hostId, string name)
    {
        long machines = StoreSql.ReadNumber(
            _connection,
            "SELECT count(*) FROM machines m JOIN pools p ON p.id = m.pool_id WHERE p.host_id = $host AND p.name_key = $key",
            ("$host", hostId),
            ("$key", Key(name)));
        if (machines > 0)
        {
            throw new StoreException(
                StoreFailure.InUse,
                name,
                string.Format(CultureInfo.InvariantCulture, "{0} machines are in the pool. Declare them to be something else first.", machines));
        }

        long builds = StoreSql.ReadNumber(
            _connection,
            "SELECT count(*) FROM image_builds WHERE host_id = $host AND pool_key = $key AND ended_utc IS NULL",
            ("$host", hostId),
            ("$key", Key(name)));
        if (builds > 0)
        {
            throw new StoreException(
                StoreFailure.InUse, name, "a version of its master is being made, or was left half made: New-PooledVmImageVersion ends what was left.");
        }

        StoreSql.Run(_connection, "DELETE FROM pools WHERE host_id = $host AND name_key = $key", ("$host", hostId), ("$key", Key(name)));
    }

    /// <summary>Adds or changes what was declared about a machine.</summary>
    /// <param name="machine">The declaration.</param>
    public void SaveMachine(MachineRecord machine) => StoreSql.Run(
        _connection,
        """
        INSERT INTO machines (host_id, vm_id, name, role, pool_id)
        VALUES ($host, $vm, $name, $role, (SELECT id FROM pools WHERE host_id = $host AND name_key = $pool))
        ON CONFLICT (host_id, vm_id) DO UPDATE SET name = excluded.name, role = excluded.role, pool_id = excluded.pool_id
        """,
        ("$host", machine.Key.HostId),
        ("$vm", StoreSql.Text(machine.Key.VmId)),
        ("$name", machine.Name),
        ("$role", machine.Role.ToString()),
        ("$pool", machine.Pool is null ? null : Key(machine.Pool)));

    /// <summary>Adds or changes a disk of a machine's.</summary>
    /// <param name="revision">The disk.</param>
    public void SaveRevision(DiskRevision revision) => StoreSql.Run(
        _connection,
        """
        INSERT INTO disk_revisions (host_id, vm_id, number, path, parent_path, parent_data_write_guid, state, previous, kept_until_utc)
        VALUES ($host, $vm, $number, $path, $parent, $guid, $state, $previous, $kept)
        ON CONFLICT (host_id, vm_id, number) DO UPDATE SET path = $path, parent_path = $parent, parent_data_write_guid = $guid,
            state = $state, previous = $previous, kept_until_utc = $kept
        """,
        ("$host", revision.Vm.HostId),
        ("$vm", StoreSql.Text(revision.Vm.VmId)),
        ("$number", revision.Number),
        ("$path", revision.Path),
        ("$parent", revision.ParentPath),
        ("$guid", StoreSql.Text(revision.ParentDataWriteGuid)),
        ("$state", revision.State.ToString()),
        ("$previous", revision.Previous),
        ("$kept", revision.KeptUntil is { } kept ? StoreSql.Text(kept) : null));

    /// <summary>Adds a swap, or changes what may change of it: its state, the power state to go back to, its end, its bundle, who was
    /// logged off, what is carried, what failed.</summary>
    /// <param name="swap">The swap.</param>
    public void SaveSwap(SwapRecord swap) => StoreSql.Run(
        _connection,
        """
        INSERT INTO swaps (id, host_id, vm_id, vm_name, pool, direction, controller, controller_number, slot, old_path, new_path,
            parent_path, parent_data_write_guid, old_revision, new_revision, power_found, owner, process_id, began_utc, state, ended_utc,
            bundle_id, users_logged_off, error_id, error, computer_name, sets_carried, sets_stripped, sets_lost,
            old_parent_path)
        VALUES ($id, $host, $vm, $name, $pool, $direction, $controller, $controllerNumber, $slot, $old, $new, $parent, $guid,
            $oldRevision, $newRevision, $power, $owner, $process, $began, $state, $ended, $bundle, $users, $errorId, $error,
            $computer, $carried, $stripped, $lost, $oldParent)
        ON CONFLICT (id) DO UPDATE SET state = $state, power_found = $power, old_parent_path = $oldParent, ended_utc = $ended, bundle_id = $bundle,
            users_logged_off = $users, error_id = $errorId, error = $error, computer_name = $computer, sets_carried = $carried,
            sets_stripped = $stripped, sets_lost = $lost
        """,
        ("$id", StoreSql.Text(swap.Id)),
        ("$host", swap.Vm.HostId),
        ("$vm", StoreSql.Text(swap.Vm.VmId)),
        ("$name", swap.VmName),
        ("$pool", swap.Pool),
        ("$direction", swap.Direction.ToString()),
        ("$controller", swap.Location.Controller.ToString()),
        ("$controllerNumber", swap.Location.ControllerNumber),
        ("$slot", swap.Location.Slot),
        ("$old", swap.OldPath),
        ("$oldParent", swap.OldParentPath),
        ("$new", swap.NewPath),
        ("$parent", swap.ParentPath),
        ("$guid", StoreSql.Text(swap.ParentDataWriteGuid)),
        ("$oldRevision", swap.OldRevision),
        ("$newRevision", swap.NewRevision),
        ("$power", swap.PowerFound.ToString()),
        ("$owner", swap.Owner),
        ("$process", swap.ProcessId),
        ("$began", StoreSql.Text(swap.Began)),
        ("$state", swap.State.ToString()),
        ("$ended", swap.Ended is { } ended ? StoreSql.Text(ended) : null),
        ("$bundle", swap.BundleId),
        ("$users", Join(swap.UsersLoggedOff)),
        ("$computer", swap.ComputerName),
        ("$carried", Join(swap.SetsCarried)),
        ("$stripped", Join(swap.SetsStripped)),
        ("$lost", Join(swap.SetsLost)),
        ("$errorId", swap.ErrorId),
        ("$error", swap.Error));

    /// <summary>Adds a line to a swap's journal.</summary>
    /// <param name="swapId">The swap.</param>
    /// <param name="step">The line.</param>
    public void AddStep(Guid swapId, SwapStep step) => StoreSql.Run(
        _connection,
        """
        INSERT INTO swap_steps (swap_id, number, state, began_utc, note)
        VALUES ($swap, (SELECT count(*) + 1 FROM swap_steps WHERE swap_id = $swap), $state, $began, $note)
        """,
        ("$swap", StoreSql.Text(swapId)),
        ("$state", step.State.ToString()),
        ("$began", StoreSql.Text(step.Began)),
        ("$note", step.Note));

    /// <summary>Changes rows.</summary>
    /// <returns>How many.</returns>
    internal int Run(string sql, params (string Name, object? Value)[] parameters) => StoreSql.Run(_connection, sql, parameters);

    internal long ReadNumber(string sql, params (string Name, object? Value)[] parameters) => StoreSql.ReadNumber(_connection, sql, parameters);

    internal List<T> Read<T>(string sql, Func<SqliteDataReader, T> make, params (string Name, object? Value)[] parameters) =>
        StoreSql.Read(_connection, sql, make, parameters);

    internal static string Key(string name) => name.ToUpperInvariant();

    internal static string[] SplitNames(string names) => names.Length == 0 ? [] : names.Split(NameSeparator);

    private static string Join(IReadOnlyList<string> names) => string.Join(NameSeparator.ToString(), names);

    internal void SaveLease(string name, string purpose, LeaseHolder holder) => StoreSql.Run(
        _connection,
        """
        INSERT INTO leases (name, purpose, owner, process_id, process_started_utc, acquired_utc)
        VALUES ($name, $purpose, $owner, $process, $started, $acquired)
        ON CONFLICT (name) DO UPDATE SET purpose = $purpose, owner = $owner, process_id = $process, process_started_utc = $started,
            acquired_utc = $acquired
        """,
        ("$name", name),
        ("$purpose", purpose),
        ("$owner", holder.Owner),
        ("$process", holder.ProcessId),
        ("$started", StoreSql.Text(holder.ProcessStarted)),
        ("$acquired", StoreSql.Text(holder.Acquired)));
}
