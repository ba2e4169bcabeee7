using VmUpdate.Core.Store;

namespace VmUpdate.Core.Broker;

/// <summary>What is old is forgotten.</summary>
internal static class HistoryTables
{
    /// <summary>How many rows of a kind go in one commit, so that no prompt waits long for the store.</summary>
    public const int RowsAtOnce = 2000;

    /// <summary>Forgets runs that ended, journal lines and tasks with nothing more to do. What is open, or awake, keeps its story.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="before">What is older than this, in UTC.</param>
    /// <returns>Whether there may be more.</returns>
    public static bool ForgetHistory(this StoreTransaction transaction, string hostId, DateTime before)
    {
        (string, object?)[] values = [("$host", hostId), ("$before", StoreSql.Text(before)), ("$most", RowsAtOnce)];
        transaction.Run(
            """
            DELETE FROM broker_journal WHERE number IN (
                SELECT number FROM broker_journal j WHERE host_id = $host AND time_utc < $before
                    AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = j.run_id AND r.ended_utc IS NULL)
                LIMIT $most)
            """,
            values);
        long lines = transaction.ReadNumber("SELECT changes()");
        transaction.Run(
            """
            DELETE FROM runs WHERE id IN (
                SELECT id FROM runs r WHERE host_id = $host AND ended_utc < $before
                    AND NOT EXISTS (SELECT 1 FROM awake_machines a WHERE a.run_id = r.id)
                LIMIT $most)
            """,
            values);
        long runs = transaction.ReadNumber("SELECT changes()");
        transaction.Run(
            """
            DELETE FROM tasks WHERE id IN (
                SELECT id FROM tasks t WHERE host_id = $host AND registered_utc < $before
                    AND (is_removed = 1 OR coalesce(json_extract(content, '$.Schedule.Recurrence'), '') = '')
                    AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.task_id = t.id)
                LIMIT $most)
            """,
            values);
        long tasks = transaction.ReadNumber("SELECT changes()");
        if (tasks > 0)
        {
            transaction.Run("DELETE FROM payloads WHERE sha256 NOT IN (SELECT payload_sha256 FROM tasks)");
        }

        return lines == RowsAtOnce || runs == RowsAtOnce || tasks == RowsAtOnce;
    }
}
