using System.Globalization;
using Microsoft.Data.Sqlite;

namespace VmUpdate.Core.Store;

/// <summary>The store's tables, as the list of steps that led to them. A step that was ever released is never changed.</summary>
internal static partial class StoreSchema
{
    /// <summary>Marks the file as a store of VmUpdate: "VmUp".</summary>
    public const int ApplicationId = 0x566D5570;

    private const string Version1 = """
        CREATE TABLE schema_versions (
            version INTEGER PRIMARY KEY,
            applied_utc TEXT NOT NULL
        ) STRICT;

        CREATE TABLE pools (
            id INTEGER PRIMARY KEY,
            host_id TEXT NOT NULL,
            name TEXT NOT NULL,
            name_key TEXT NOT NULL,
            master_path TEXT NOT NULL,
            keep_seconds INTEGER NOT NULL CHECK (keep_seconds >= 0),
            UNIQUE (host_id, name_key)
        ) STRICT;

        CREATE TABLE machines (
            host_id TEXT NOT NULL,
            vm_id TEXT NOT NULL,
            name TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('Ignored', 'Personal', 'Pooled')),
            pool_id INTEGER REFERENCES pools (id),
            PRIMARY KEY (host_id, vm_id),
            CHECK ((role = 'Pooled') = (pool_id IS NOT NULL))
        ) STRICT;
        CREATE INDEX machines_by_pool ON machines (pool_id);

        CREATE TABLE disk_revisions (
            host_id TEXT NOT NULL,
            vm_id TEXT NOT NULL,
            number INTEGER NOT NULL CHECK (number > 0),
            path TEXT NOT NULL,
            parent_path TEXT NOT NULL,
            parent_data_write_guid TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('Current', 'Kept', 'Removed')),
            previous INTEGER NOT NULL,
            kept_until_utc TEXT,
            PRIMARY KEY (host_id, vm_id, number),
            CHECK ((state = 'Current') = (kept_until_utc IS NULL))
        ) STRICT;
        CREATE UNIQUE INDEX disk_revisions_one_current ON disk_revisions (host_id, vm_id) WHERE state = 'Current';

        CREATE TABLE swaps (
            id TEXT PRIMARY KEY,
            host_id TEXT NOT NULL,
            vm_id TEXT NOT NULL,
            vm_name TEXT NOT NULL,
            pool TEXT NOT NULL,
            direction TEXT NOT NULL,
            controller TEXT NOT NULL,
            controller_number INTEGER NOT NULL,
            slot INTEGER NOT NULL,
            old_path TEXT NOT NULL,
            old_parent_path TEXT NOT NULL,
            new_path TEXT NOT NULL,
            parent_path TEXT NOT NULL,
            parent_data_write_guid TEXT NOT NULL,
            old_revision INTEGER NOT NULL,
            new_revision INTEGER NOT NULL,
            power_found TEXT NOT NULL,
            owner TEXT NOT NULL,
            process_id INTEGER NOT NULL,
            began_utc TEXT NOT NULL,
            state TEXT NOT NULL,
            ended_utc TEXT,
            bundle_id TEXT NOT NULL,
            users_logged_off TEXT NOT NULL,
            computer_name TEXT NOT NULL,
            sets_carried TEXT NOT NULL,
            sets_stripped TEXT NOT NULL,
            sets_lost TEXT NOT NULL,
            error_id TEXT NOT NULL,
            error TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX swaps_one_open ON swaps (host_id, vm_id) WHERE ended_utc IS NULL;
        CREATE INDEX swaps_by_machine ON swaps (host_id, vm_id, began_utc);

        CREATE TABLE swap_steps (
            swap_id TEXT NOT NULL REFERENCES swaps (id),
            number INTEGER NOT NULL,
            state TEXT NOT NULL,
            began_utc TEXT NOT NULL,
            note TEXT NOT NULL,
            PRIMARY KEY (swap_id, number)
        ) STRICT;

        CREATE TABLE leases (
            name TEXT PRIMARY KEY,
            purpose TEXT NOT NULL,
            owner TEXT NOT NULL,
            process_id INTEGER NOT NULL,
            process_started_utc TEXT NOT NULL,
            acquired_utc TEXT NOT NULL
        ) STRICT;
        """;

    private static readonly string[] Versions = [Version1, Version2, Version3, Version4];

    /// <summary>The newest version that this code knows.</summary>
    public static int Newest => Versions.Length;

    /// <summary>Brings the file to the newest version, each step in a transaction of its own.</summary>
    /// <param name="connection">The open file; what it is was checked.</param>
    /// <param name="present">The file's version; 0 for an empty file.</param>
    /// <param name="utcNow">The time that is noted.</param>
    /// <param name="upTo">The version to stop at: <see cref="Newest"/>, but for stores as older versions left them.</param>
    public static void Migrate(StoreConnection connection, int present, DateTime utcNow, int upTo)
    {
        for (int version = present + 1; version <= upTo; version++)
        {
            using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);

            // Somebody else may have been faster between the look and the lock.
            if (StoreSql.ReadNumber(connection, "PRAGMA user_version") >= version)
            {
                continue;
            }

            StoreSql.Run(connection, Versions[version - 1]);
            StoreSql.Run(
                connection,
                "INSERT INTO schema_versions (version, applied_utc) VALUES ($version, $applied)",
                ("$version", version),
                ("$applied", StoreSql.Text(utcNow)));
            StoreSql.Run(connection, string.Format(CultureInfo.InvariantCulture, "PRAGMA user_version = {0}", version));
            StoreSql.Run(connection, string.Format(CultureInfo.InvariantCulture, "PRAGMA application_id = {0}", ApplicationId));
            transaction.Commit();
        }
    }
}
