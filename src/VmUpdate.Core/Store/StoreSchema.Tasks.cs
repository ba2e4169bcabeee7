namespace VmUpdate.Core.Store;

// Versions 2 and 3: the task broker.
internal static partial class StoreSchema
{
    private const string Version2 = """
        CREATE TABLE payloads (
            sha256 TEXT PRIMARY KEY,
            content BLOB NOT NULL
        ) STRICT;

        CREATE TABLE tasks (
            id TEXT PRIMARY KEY,
            host_id TEXT NOT NULL,
            name TEXT NOT NULL,
            name_key TEXT NOT NULL,
            content TEXT NOT NULL,
            payload_sha256 TEXT NOT NULL REFERENCES payloads (sha256),
            registered_utc TEXT NOT NULL,
            held TEXT NOT NULL CHECK (held IN ('', 'Suspended', 'Failures')),
            counted_from_utc TEXT NOT NULL,
            is_removed INTEGER NOT NULL CHECK (is_removed IN (0, 1))
        ) STRICT;
        CREATE UNIQUE INDEX tasks_by_name ON tasks (host_id, name_key) WHERE is_removed = 0;

        CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            task_id TEXT NOT NULL REFERENCES tasks (id),
            host_id TEXT NOT NULL,
            vm_id TEXT NOT NULL,
            vm_name TEXT NOT NULL,
            occurrence INTEGER NOT NULL,
            due_utc TEXT NOT NULL,
            not_before_utc TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            state TEXT NOT NULL,
            reason TEXT NOT NULL,
            detail TEXT NOT NULL,
            outcome TEXT NOT NULL,
            percent INTEGER,
            restarts INTEGER NOT NULL,
            flags INTEGER NOT NULL,
            started_utc TEXT,
            ended_utc TEXT,
            UNIQUE (task_id, vm_id, occurrence)
        ) STRICT;
        CREATE INDEX runs_open ON runs (host_id) WHERE ended_utc IS NULL;
        CREATE INDEX runs_by_machine ON runs (host_id, vm_id);

        CREATE TABLE awake_machines (
            host_id TEXT NOT NULL,
            vm_id TEXT NOT NULL,
            vm_name TEXT NOT NULL,
            found TEXT NOT NULL,
            woken_utc TEXT NOT NULL,
            run_id TEXT,
            is_left INTEGER NOT NULL CHECK (is_left IN (0, 1)),
            reason TEXT NOT NULL,
            detail TEXT NOT NULL,
            active_sessions TEXT,
            PRIMARY KEY (host_id, vm_id)
        ) STRICT;

        CREATE TABLE broker_journal (
            number INTEGER PRIMARY KEY,
            host_id TEXT NOT NULL,
            time_utc TEXT NOT NULL,
            vm_id TEXT,
            run_id TEXT,
            state TEXT NOT NULL,
            reason TEXT NOT NULL,
            detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX broker_journal_by_run ON broker_journal (run_id) WHERE run_id IS NOT NULL;

        CREATE TABLE broker_orders (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            host_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            given_utc TEXT NOT NULL
        ) STRICT;

        CREATE TABLE broker_hosts (
            host_id TEXT PRIMARY KEY,
            limits TEXT NOT NULL,
            is_held INTEGER NOT NULL CHECK (is_held IN (0, 1)),
            last_order INTEGER NOT NULL,
            why_no_run TEXT NOT NULL,
            why_no_wake TEXT NOT NULL,
            stepped_utc TEXT NOT NULL
        ) STRICT;

        CREATE TABLE held_machines (
            host_id TEXT NOT NULL,
            vm_id TEXT NOT NULL,
            PRIMARY KEY (host_id, vm_id)
        ) STRICT;
        """;

    // What a guest may be in the midst of is known by run and attempt; what is old is found by its time.
    private const string Version3 = """
        ALTER TABLE awake_machines ADD COLUMN busy_with TEXT NOT NULL DEFAULT '[]';
        UPDATE awake_machines SET busy_with = json_array(json_object('RunId', run_id, 'Attempt', (SELECT attempt FROM runs r WHERE r.id = run_id),
            'State', CASE reason WHEN 'StillApplying' THEN 'Applying' ELSE 'Rebooting' END))
            WHERE reason IN ('StillApplying', 'StillRebooting') AND EXISTS (SELECT 1 FROM runs r WHERE r.id = run_id);
        CREATE INDEX runs_by_end ON runs (host_id, ended_utc) WHERE ended_utc IS NOT NULL;
        CREATE INDEX broker_journal_by_time ON broker_journal (host_id, time_utc);
        """;
}
