using System.Globalization;
using Microsoft.Data.Sqlite;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>Tasks, runs and the broker's journal, read from the store.</summary>
public static class TaskQueries
{
    private const string TaskColumns = """
        SELECT t.content, t.held,
            (SELECT count(*) FROM runs r WHERE r.task_id = t.id AND r.ended_utc IS NULL),
            (SELECT count(*) FROM runs r WHERE r.task_id = t.id AND r.ended_utc IS NOT NULL),
            (SELECT count(*) FROM runs r WHERE r.task_id = t.id AND r.ended_utc IS NOT NULL AND r.state NOT IN ('Succeeded', 'Canceled', 'Moved'))
        FROM tasks t
        """;

    private const string RunColumns = """
        SELECT id, task_id, host_id, vm_id, vm_name, occurrence, due_utc, not_before_utc, attempt, state, reason, detail, outcome, percent,
            restarts, flags, started_utc, ended_utc
        FROM runs
        """;

    private const string AwakeColumns =
        "SELECT host_id, vm_id, vm_name, found, woken_utc, run_id, is_left, reason, detail, active_sessions, busy_with FROM awake_machines";

    /// <summary>The tasks of a host that were not removed.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>The tasks, in the order of registration.</returns>
    public static IReadOnlyList<TaskRecord> GetTasks(this VmUpdateStore store, string hostId) =>
        store.Query($"{TaskColumns} WHERE t.host_id = $host AND t.is_removed = 0 ORDER BY t.registered_utc, t.rowid", MakeTask, ("$host", hostId));

    /// <summary>A task by its name.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="name">The name, without case.</param>
    /// <returns>The task, or <see langword="null"/>.</returns>
    public static TaskRecord? FindTask(this VmUpdateStore store, string hostId, string name) => store.Query(
        $"{TaskColumns} WHERE t.host_id = $host AND t.name_key = $key AND t.is_removed = 0",
        MakeTask,
        ("$host", hostId),
        ("$key", StoreTransaction.Key(name))).SingleOrDefault();

    /// <summary>Whether a task of a host has a name.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="name">The name, without case.</param>
    /// <returns>Whether one has.</returns>
    public static bool HasTask(this VmUpdateStore store, string hostId, string name) => store.Query(
        "SELECT 1 FROM tasks WHERE host_id = $host AND name_key = $key AND is_removed = 0",
        row => true,
        ("$host", hostId),
        ("$key", StoreTransaction.Key(name))).Count > 0;

    /// <summary>The names of all tasks of a host, removed ones too: their runs' history stays.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>Names by id.</returns>
    public static IReadOnlyDictionary<Guid, string> GetTaskNames(this VmUpdateStore store, string hostId) => store.Query(
        "SELECT id, name FROM tasks WHERE host_id = $host", row => (Id: Guid.Parse(row.GetString(0)), Name: row.GetString(1)), ("$host", hostId))
        .ToDictionary(t => t.Id, t => t.Name);

    /// <summary>What a task hands to the agent, compared with what was registered.</summary>
    /// <param name="store">The store.</param>
    /// <param name="task">The task.</param>
    /// <returns>The payload.</returns>
    /// <exception cref="TaskException"><see cref="TaskDefect.PayloadChanged"/>: it is not what was registered.</exception>
    public static TaskPayload GetPayload(this VmUpdateStore store, UpdateTask task)
    {
        byte[]? content = store.Query(
            "SELECT content FROM payloads WHERE sha256 = $sha256",
            row => row.GetFieldValue<byte[]>(0),
            ("$sha256", task.Payload.Sha256)).SingleOrDefault();
        return TaskPayload.FromKept(task.Payload, content ?? []);
    }

    /// <summary>The runs of a host that have not ended.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>The runs, in the order of registration.</returns>
    public static IReadOnlyList<UpdateRun> GetOpenRuns(this VmUpdateStore store, string hostId) =>
        store.Query($"{RunColumns} WHERE host_id = $host AND ended_utc IS NULL ORDER BY rowid", MakeRun, ("$host", hostId));

    /// <summary>All runs of a host, those that have ended too.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>The runs, in the order of registration.</returns>
    public static IReadOnlyList<UpdateRun> GetRuns(this VmUpdateStore store, string hostId) => store.Query($"{RunColumns} WHERE host_id = $host ORDER BY rowid", MakeRun, ("$host", hostId));

    /// <summary>A run.</summary>
    /// <param name="store">The store.</param>
    /// <param name="run">Its id.</param>
    /// <returns>The run, or <see langword="null"/>.</returns>
    public static UpdateRun? FindRun(this VmUpdateStore store, Guid run) => store.Query($"{RunColumns} WHERE id = $id", MakeRun, ("$id", StoreSql.Text(run))).SingleOrDefault();

    /// <summary>The machines of a host that were woken for updates and not put back yet.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>The machines.</returns>
    public static IReadOnlyList<AwakeMachine> GetAwakeMachines(this VmUpdateStore store, string hostId) =>
        store.Query($"{AwakeColumns} WHERE host_id = $host ORDER BY woken_utc", MakeAwake, ("$host", hostId));

    /// <summary>The journal of a run.</summary>
    /// <param name="store">The store.</param>
    /// <param name="run">The run.</param>
    /// <returns>Its lines, the oldest first.</returns>
    public static IReadOnlyList<JournalEntry> GetJournal(this VmUpdateStore store, Guid run) => store.Query(
        "SELECT host_id, time_utc, vm_id, run_id, state, reason, detail FROM broker_journal WHERE run_id = $run ORDER BY number",
        MakeEntry,
        ("$run", StoreSql.Text(run)));

    /// <summary>The journal of a host from a time on.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="from">The time, in UTC.</param>
    /// <returns>Its lines, the oldest first.</returns>
    public static IReadOnlyList<JournalEntry> GetJournal(this VmUpdateStore store, string hostId, DateTime from) => store.Query(
        "SELECT host_id, time_utc, vm_id, run_id, state, reason, detail FROM broker_journal WHERE host_id = $host AND time_utc >= $from ORDER BY number",
        MakeEntry,
        ("$host", hostId),
        ("$from", StoreSql.Text(from)));

    /// <summary>How much of a host updates may take.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>The limits: the defaults, when none were set.</returns>
    public static HostLimits GetLimits(this VmUpdateStore store, string hostId) =>
        store.Query("SELECT limits FROM broker_hosts WHERE host_id = $host", row => StoreJson.Read<HostLimits>(row.GetString(0)), ("$host", hostId)).SingleOrDefault()
            ?? new HostLimits();

    /// <summary>What a host's broker said last.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>The status, or <see langword="null"/> when the host never had one.</returns>
    public static BrokerStatus? FindBrokerStatus(this VmUpdateStore store, string hostId) => store.Query(
        "SELECT is_held, why_no_run, why_no_wake, stepped_utc FROM broker_hosts WHERE host_id = $host",
        row => new BrokerStatus(row.GetInt64(0) != 0, row.GetString(1), row.GetString(2), StoreSql.Time(row.GetString(3))),
        ("$host", hostId)).SingleOrDefault();

    /// <summary>The machines of a host that were suspended.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>The machines.</returns>
    public static IReadOnlyList<VmKey> GetHeldMachines(this VmUpdateStore store, string hostId) =>
        store.Query("SELECT host_id, vm_id FROM held_machines WHERE host_id = $host ORDER BY vm_id", row => MakeKey(row, 0), ("$host", hostId));

    /// <summary>What prompts have wanted since an order.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="after">The number of that order.</param>
    /// <returns>The orders, the oldest first.</returns>
    internal static IReadOnlyList<BrokerOrder> GetOrders(this VmUpdateStore store, string hostId, long after) => store.Query(
        "SELECT number, kind, subject FROM broker_orders WHERE host_id = $host AND number > $after ORDER BY number",
        row => new BrokerOrder(row.GetInt64(0), StoreSql.Enum<BrokerOrderKind>(row.GetString(1)), row.GetString(2)),
        ("$host", hostId),
        ("$after", after));

    /// <summary>The tasks of a host that a broker must know: those with runs that have not ended or that a machine is awake for, and those that come again.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>Each with how it is held, whether it was removed, and what is counted against its failure limit.</returns>
    internal static IReadOnlyList<(UpdateTask Task, string Held, bool IsRemoved, int Ended, int Failed)> GetBrokerTasks(this VmUpdateStore store, string hostId) => store.Query(
        """
        SELECT content, held, is_removed,
            (SELECT count(*) FROM runs r WHERE r.task_id = t.id AND r.started_utc IS NOT NULL AND r.ended_utc > t.counted_from_utc AND r.state NOT IN ('Canceled', 'Moved')),
            (SELECT count(*) FROM runs r WHERE r.task_id = t.id AND r.started_utc IS NOT NULL AND r.ended_utc > t.counted_from_utc
                AND r.state NOT IN ('Succeeded', 'Canceled', 'Moved') AND r.outcome <> 'Succeeded')
        FROM tasks t
        WHERE host_id = $host AND ((is_removed = 0 AND coalesce(json_extract(content, '$.Schedule.Recurrence'), '') <> '')
            OR EXISTS (SELECT 1 FROM runs r WHERE r.task_id = t.id AND r.ended_utc IS NULL)
            OR EXISTS (SELECT 1 FROM awake_machines a JOIN runs r ON r.id = a.run_id WHERE r.task_id = t.id))
        ORDER BY registered_utc, rowid
        """,
        row => (StoreJson.Read<UpdateTask>(row.GetString(0)), row.GetString(1), row.GetInt64(2) != 0, row.GetInt32(3), row.GetInt32(4)),
        ("$host", hostId));

    /// <summary>A task, removed or not, with its runs that have not ended.</summary>
    /// <param name="store">The store.</param>
    /// <param name="task">The task.</param>
    /// <returns>The task and its runs; <see langword="null"/> when there is none.</returns>
    internal static (UpdateTask Task, IReadOnlyList<UpdateRun> Runs)? FindBrokerTask(this VmUpdateStore store, Guid task) => store.Query(
        "SELECT content FROM tasks WHERE id = $id", row => StoreJson.Read<UpdateTask>(row.GetString(0)), ("$id", StoreSql.Text(task))).SingleOrDefault() is { } found
            ? (found, store.Query($"{RunColumns} WHERE task_id = $id AND ended_utc IS NULL ORDER BY rowid", MakeRun, ("$id", StoreSql.Text(task))))
            : null;

    /// <summary>How far machines have come in a task.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="task">The task.</param>
    /// <returns>One for each machine that has a run that ended.</returns>
    internal static IReadOnlyList<PastRun> GetPastRuns(this VmUpdateStore store, string hostId, Guid task) => store.Query(
        "SELECT vm_id, max(due_utc), max(occurrence) FROM runs WHERE task_id = $id AND host_id = $host AND ended_utc IS NOT NULL GROUP BY vm_id",
        row => new PastRun(new VmKey(hostId, Guid.Parse(row.GetString(0))), StoreSql.Time(row.GetString(1)), row.GetInt32(2)),
        ("$id", StoreSql.Text(task)),
        ("$host", hostId));

    /// <summary>The number of the last order that was heeded.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>The number; 0 for none.</returns>
    internal static long GetLastOrder(this VmUpdateStore store, string hostId) =>
        store.Query("SELECT last_order FROM broker_hosts WHERE host_id = $host", row => row.GetInt64(0), ("$host", hostId)).SingleOrDefault();

    private static TaskRecord MakeTask(SqliteDataReader row) => new(
        StoreJson.Read<UpdateTask>(row.GetString(0)),
        row.GetString(1) == "Suspended",
        row.GetString(1) == "Failures",
        row.GetInt32(2),
        row.GetInt32(3),
        row.GetInt32(4));

    private static UpdateRun MakeRun(SqliteDataReader row)
    {
        var flags = (RunFlags)row.GetInt32(15);
        return new UpdateRun
        {
            Id = Guid.Parse(row.GetString(0)),
            TaskId = Guid.Parse(row.GetString(1)),
            Vm = MakeKey(row, 2),
            VmName = row.GetString(4),
            Occurrence = row.GetInt32(5),
            Due = StoreSql.Time(row.GetString(6)),
            NotBefore = StoreSql.Time(row.GetString(7)),
            Attempt = row.GetInt32(8),
            State = StoreSql.Enum<RunState>(row.GetString(9)),
            Reason = StoreSql.Enum<RunReason>(row.GetString(10)),
            Detail = row.GetString(11),
            Outcome = row.GetString(12).Length == 0 ? null : StoreSql.Enum<RunState>(row.GetString(12)),
            Percent = row.IsDBNull(13) ? null : row.GetInt32(13),
            Restarts = row.GetInt32(14),
            IsRestartPending = (flags & RunFlags.RestartPending) != 0,
            IsOverdue = (flags & RunFlags.Overdue) != 0,
            IsHandOverBegun = (flags & RunFlags.HandOverBegun) != 0,
            IsHandOverConfirmed = (flags & RunFlags.HandOverConfirmed) != 0,
            IsCancelAsked = (flags & RunFlags.CancelAsked) != 0,
            Started = row.IsDBNull(16) ? null : StoreSql.Time(row.GetString(16)),
            Ended = row.IsDBNull(17) ? null : StoreSql.Time(row.GetString(17)),
        };
    }

    private static AwakeMachine MakeAwake(SqliteDataReader row) => new(
        MakeKey(row, 0),
        row.GetString(2),
        StoreSql.Enum<VmPowerState>(row.GetString(3)),
        StoreSql.Time(row.GetString(4)),
        row.IsDBNull(5) ? null : Guid.Parse(row.GetString(5)),
        row.GetInt64(6) != 0,
        StoreSql.Enum<RunReason>(row.GetString(7)),
        row.GetString(8),
        row.IsDBNull(9) ? null : row.GetString(9).Split([','], StringSplitOptions.RemoveEmptyEntries).Select(s => int.Parse(s, CultureInfo.InvariantCulture)).ToList())
    {
        BusyWith = StoreJson.Read<List<BusyRun>>(row.GetString(10)),
    };

    private static JournalEntry MakeEntry(SqliteDataReader row) => new(
        StoreSql.Time(row.GetString(1)),
        row.IsDBNull(2) ? null : MakeKey(row.GetString(0), row.GetString(2)),
        row.IsDBNull(3) ? null : Guid.Parse(row.GetString(3)),
        row.GetString(4).Length == 0 ? null : StoreSql.Enum<RunState>(row.GetString(4)),
        StoreSql.Enum<RunReason>(row.GetString(5)),
        row.GetString(6));

    private static VmKey MakeKey(SqliteDataReader row, int column) => MakeKey(row.GetString(column), row.GetString(column + 1));

    private static VmKey MakeKey(string hostId, string vmId) => new(hostId, Guid.Parse(vmId));
}
