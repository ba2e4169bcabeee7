using Microsoft.Data.Sqlite;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Store;

/// <summary>
/// What was declared, what each machine is on, and the journal of swaps: a SQLite file in a folder of its owner's. A change is one
/// transaction, and is on the disk when <see cref="Write"/> returns. May be used by several threads, and by several processes at once.
/// </summary>
public sealed partial class VmUpdateStore : IDisposable
{
    /// <summary>The name of the file in the store's folder.</summary>
    public const string FileName = "vmupdate.db";

    private readonly object _gate = new();
    private readonly StoreConnection _connection;
    private readonly IHostFolder _folder;
    private readonly IClock _clock;

    private VmUpdateStore(StoreConnection connection, IHostFolder folder, string path, IClock clock)
    {
        _connection = connection;
        _folder = folder;
        _clock = clock;
        Path = path;
    }

    /// <summary>The full path of the file.</summary>
    public string Path { get; }

    /// <summary>The store's folder.</summary>
    internal IHostFolder Folder => _folder;

    /// <summary>How many changes were committed through this object: each waits once for the disk.</summary>
    internal int CommitCount { get; private set; }

    /// <summary>Opens the store in a folder, making both when they are absent.</summary>
    /// <param name="folder">The folder's full path: local, and its owner's alone.</param>
    /// <param name="options">How.</param>
    /// <returns>The store.</returns>
    /// <exception cref="StoreException">The store is damaged, newer, too open, not writable, or not on a local file system.</exception>
    public static VmUpdateStore Open(string folder, StoreOptions options)
    {
        IHostFolder opened = StoreFolder.Open(folder, options.Files);
        string path = System.IO.Path.Combine(opened.Path, FileName);
        if (opened.Exists(FileName))
        {
            StoreFolder.RequireOwnerOnly(path);
        }

        SqliteLibrary.Use();
        var connection = new StoreConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = false, // a pooled connection keeps the file open after Dispose
            DefaultTimeout = (int)Math.Ceiling(options.BusyTimeout.TotalSeconds),
        }.ToString());
        try
        {
            connection.Open();

            // SQLite waits for another writer in steps of milliseconds; the provider's own way is to try again every 150.
            StoreSql.Run(connection, $"PRAGMA busy_timeout = {(long)options.BusyTimeout.TotalMilliseconds}");
            int present = RequireOurs(connection, path);

            // Only now is anything written: a file that is not ours, or newer, stays byte for byte what it is.
            StoreSql.Run(connection, "PRAGMA journal_mode = WAL");
            StoreSql.Run(connection, "PRAGMA synchronous = FULL");
            StoreSql.Run(connection, "PRAGMA foreign_keys = ON");

            // Keys are ids, in no order: hundreds of tasks in a commit touch thousands of pages, which the usual 2 MiB do not hold.
            StoreSql.Run(connection, "PRAGMA cache_size = -16384");
            StoreSql.Run(connection, "PRAGMA wal_autocheckpoint = 4000");
            StoreSchema.Migrate(connection, present, options.Clock.UtcNow, StoreSchema.Newest);
            connection.KeepsStatements = true;
            return new VmUpdateStore(connection, opened, path, options.Clock);
        }
        catch (SqliteException failure)
        {
            connection.Dispose();
            throw StoreSql.Translate(failure, path);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Changes the store in one transaction, which is on the disk when this returns. Nothing is changed when the work throws.</summary>
    /// <param name="work">The changes.</param>
    /// <exception cref="StoreException">The store refused, or could not be written.</exception>
    public void Write(Action<StoreTransaction> work)
    {
        lock (_gate)
        {
            try
            {
                using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
                work(new StoreTransaction(_connection));
                transaction.Commit();
                CommitCount++;
            }
            catch (SqliteException failure)
            {
                throw StoreSql.Translate(failure, Path);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _connection.Dispose();
        }
    }

    private static int RequireOurs(StoreConnection connection, string path)
    {
        long application = StoreSql.ReadNumber(connection, "PRAGMA application_id");
        long version = StoreSql.ReadNumber(connection, "PRAGMA user_version");
        long tables = StoreSql.ReadNumber(connection, "SELECT count(*) FROM sqlite_master");

        // Empty: new, or a process died before its first transaction was through.
        if (application == 0 && version == 0 && tables == 0)
        {
            return 0;
        }

        if (application != StoreSchema.ApplicationId || version < 1)
        {
            throw new StoreException(
                StoreFailure.Corrupt, path, "it is a database, but no store of VmUpdate. It was left as it is: name another folder.");
        }

        if (version > StoreSchema.Newest)
        {
            throw new StoreException(
                StoreFailure.Newer,
                path,
                $"a newer VmUpdate made it (version {version}; this one knows {StoreSchema.Newest}). Use that one; the store was left as it is.");
        }

        if (StoreSql.Read(connection, "PRAGMA quick_check(1)", row => row.GetString(0)) is not ["ok"])
        {
            throw new StoreException(
                StoreFailure.Corrupt, path, "it is damaged. It was left as it is: put a backup in its place, or move it away to begin anew.");
        }

        return (int)version;
    }

    internal List<T> Query<T>(string sql, Func<SqliteDataReader, T> make, params (string Name, object? Value)[] parameters)
    {
        lock (_gate)
        {
            try
            {
                return StoreSql.Read(_connection, sql, make, parameters);
            }
            catch (SqliteException failure)
            {
                throw StoreSql.Translate(failure, Path);
            }
        }
    }
}
