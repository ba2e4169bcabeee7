using System.Globalization;
using Microsoft.Data.Sqlite;

namespace VmUpdate.Core.Store;

/// <summary>Small words with SQLite, and how values are written there.</summary>
internal static class StoreSql
{
    private const int SqlitePermission = 3;
    private const int SqliteBusy = 5;
    private const int SqliteLocked = 6;
    private const int SqliteReadOnly = 8;
    private const int SqliteIo = 10;
    private const int SqliteCorrupt = 11;
    private const int SqliteFull = 13;
    private const int SqliteCannotOpen = 14;
    private const int SqliteNotADatabase = 26;

    public static int Run(StoreConnection connection, string sql, params (string Name, object? Value)[] parameters) =>
        Execute(connection, sql, parameters, statement => statement.ExecuteNonQuery());

    public static long ReadNumber(StoreConnection connection, string sql, params (string Name, object? Value)[] parameters) =>
        Execute(connection, sql, parameters, statement => Convert.ToInt64(statement.ExecuteScalar(), CultureInfo.InvariantCulture));

    public static List<T> Read<T>(
        StoreConnection connection, string sql, Func<SqliteDataReader, T> make, params (string Name, object? Value)[] parameters) => Execute(
        connection,
        sql,
        parameters,
        statement =>
        {
            using SqliteDataReader reader = statement.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(make(reader));
            }

            return rows;
        });

    public static string Text(DateTime utc) => utc.ToString("O", CultureInfo.InvariantCulture);

    public static string Text(Guid id) => id.ToString("D");

    public static DateTime Time(string text) =>
        DateTime.ParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);

    public static T Enum<T>(string text)
        where T : struct => System.Enum.TryParse(text, out T value)
            ? value
            : throw new StoreException(StoreFailure.Corrupt, typeof(T).Name, $"the store holds '{text}', which is none of its values.");

    public static StoreException Translate(SqliteException failure, string path)
    {
        (StoreFailure cause, string message) = failure.SqliteErrorCode switch
        {
            SqliteBusy or SqliteLocked =>
                (StoreFailure.Busy, "another process has been writing to it for too long. Try again; if it stays so, look which process holds it."),
            SqliteCorrupt or SqliteNotADatabase =>
                (StoreFailure.Corrupt, "it is damaged, or is no store of VmUpdate. It was left as it is: put a backup in its place, or move it away to begin anew."),
            SqliteReadOnly or SqlitePermission or SqliteCannotOpen =>
                (StoreFailure.NotWritable, "it cannot be written. Its folder must be one that this account may write to."),
            SqliteFull => (StoreFailure.NotWritable, "there is no room left on its volume."),
            SqliteIo => (StoreFailure.NotWritable, "reading or writing it failed on the host's side."),
            _ => (StoreFailure.Corrupt, "SQLite refused what a sound store allows."),
        };
        return new StoreException(cause, path, $"{message} (SQLite {failure.SqliteExtendedErrorCode}: {failure.Message})", failure);
    }

    private static T Execute<T>(StoreConnection connection, string sql, (string Name, object? Value)[] parameters, Func<SqliteCommand, T> execute)
    {
        (SqliteCommand statement, bool isOurs) = connection.Prepare(sql, parameters);
        try
        {
            return execute(statement);
        }
        finally
        {
            if (isOurs)
            {
                statement.Dispose();
            }
        }
    }
}
