using System.Globalization;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Broker;

/// <summary>What a step of the broker decided, written into the store.</summary>
internal static class StepTables
{
    /// <summary>Writes down what a step decided, and how far the orders were heeded.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="result">What the step decided.</param>
    /// <param name="lastOrder">The number of the last order that it was told.</param>
    /// <param name="whyNoRun">Why no run begins at all.</param>
    /// <param name="whyNoWake">Why no machine is woken.</param>
    /// <param name="utcNow">The time, in UTC.</param>
    internal static void SaveStep(this StoreTransaction transaction, string hostId, StepResult result, long lastOrder, string whyNoRun, string whyNoWake, DateTime utcNow)
    {
        foreach (UpdateRun run in result.Runs)
        {
            transaction.SaveRun(run);
        }

        foreach (AwakeMachine awake in result.Awake)
        {
            transaction.SaveAwake(awake);
        }

        foreach (VmKey vm in result.NotAwake)
        {
            transaction.Run(
                "DELETE FROM awake_machines WHERE host_id = $host AND vm_id = $vm",
                ("$host", vm.HostId),
                ("$vm", StoreSql.Text(vm.VmId)));
        }

        foreach (Guid task in result.HeldTasks)
        {
            transaction.Run("UPDATE tasks SET held = 'Failures' WHERE id = $id AND held = ''", ("$id", StoreSql.Text(task)));
        }

        foreach (JournalEntry entry in result.Journal)
        {
            transaction.SaveEntry(hostId, entry);
        }

        transaction.MakeHost(hostId, utcNow);
        transaction.Run(
            """
            UPDATE broker_hosts SET last_order = $order, why_no_run = $run, why_no_wake = $wake, stepped_utc = $now WHERE host_id = $host
            """,
            ("$order", lastOrder),
            ("$run", whyNoRun),
            ("$wake", whyNoWake),
            ("$now", StoreSql.Text(utcNow)),
            ("$host", hostId));

        // Orders that were heeded are of no use to anybody.
        transaction.Run("DELETE FROM broker_orders WHERE host_id = $host AND number <= $order", ("$host", hostId), ("$order", lastOrder));
    }

    internal static void SaveRun(this StoreTransaction transaction, UpdateRun run)
    {
        // The time of a first attempt is set by whoever plans it, and by whoever changes the task: the broker, which may not have heard of
        // that yet, sets the times of retries only.
        RunFlags flags = (run.IsRestartPending ? RunFlags.RestartPending : RunFlags.None)
            | (run.IsOverdue ? RunFlags.Overdue : RunFlags.None)
            | (run.IsHandOverBegun ? RunFlags.HandOverBegun : RunFlags.None)
            | (run.IsHandOverConfirmed ? RunFlags.HandOverConfirmed : RunFlags.None)
            | (run.IsCancelAsked ? RunFlags.CancelAsked : RunFlags.None);
        transaction.Run(
            """
            INSERT INTO runs (id, task_id, host_id, vm_id, vm_name, occurrence, due_utc, not_before_utc, attempt, state, reason, detail, outcome,
                percent, restarts, flags, started_utc, ended_utc)
            VALUES ($id, $task, $host, $vm, $name, $occurrence, $due, $before, $attempt, $state, $reason, $detail, $outcome,
                $percent, $restarts, $flags, $started, $ended)
            ON CONFLICT (id) DO UPDATE SET not_before_utc = CASE WHEN $attempt > 1 THEN $before ELSE not_before_utc END, attempt = $attempt, state = $state, reason = $reason, detail = $detail,
                outcome = $outcome, percent = $percent, restarts = $restarts, flags = $flags, started_utc = $started, ended_utc = $ended
            """,
            ("$id", StoreSql.Text(run.Id)),
            ("$task", StoreSql.Text(run.TaskId)),
            ("$host", run.Vm.HostId),
            ("$vm", StoreSql.Text(run.Vm.VmId)),
            ("$name", run.VmName),
            ("$occurrence", run.Occurrence),
            ("$due", StoreSql.Text(run.Due)),
            ("$before", StoreSql.Text(run.NotBefore)),
            ("$attempt", run.Attempt),
            ("$state", run.State.ToString()),
            ("$reason", run.Reason.ToString()),
            ("$detail", run.Detail),
            ("$outcome", run.Outcome?.ToString() ?? string.Empty),
            ("$percent", run.Percent),
            ("$restarts", run.Restarts),
            ("$flags", (int)flags),
            ("$started", run.Started is { } started ? StoreSql.Text(started) : null),
            ("$ended", run.Ended is { } ended ? StoreSql.Text(ended) : null));
    }

    private static void SaveAwake(this StoreTransaction transaction, AwakeMachine awake) => transaction.Run(
        """
        INSERT INTO awake_machines (host_id, vm_id, vm_name, found, woken_utc, run_id, is_left, reason, detail, active_sessions, busy_with)
        VALUES ($host, $vm, $name, $found, $woken, $run, $left, $reason, $detail, $sessions, $busy)
        ON CONFLICT (host_id, vm_id) DO UPDATE SET vm_name = $name, found = $found, woken_utc = $woken, run_id = $run, is_left = $left,
            reason = $reason, detail = $detail, active_sessions = $sessions, busy_with = $busy
        """,
        ("$host", awake.Vm.HostId),
        ("$vm", StoreSql.Text(awake.Vm.VmId)),
        ("$name", awake.VmName),
        ("$found", awake.Found.ToString()),
        ("$woken", StoreSql.Text(awake.Woken)),
        ("$run", awake.RunId is { } run ? StoreSql.Text(run) : null),
        ("$left", awake.IsLeft ? 1 : 0),
        ("$reason", awake.Reason.ToString()),
        ("$detail", awake.Detail),
        ("$busy", StoreJson.Write(awake.BusyWith)),
        ("$sessions", awake.ActiveSessionsAtWake is { } ids ? string.Join(",", ids.Select(i => i.ToString(CultureInfo.InvariantCulture))) : null));

    private static void SaveEntry(this StoreTransaction transaction, string hostId, JournalEntry entry) => transaction.Run(
        """
        INSERT INTO broker_journal (host_id, time_utc, vm_id, run_id, state, reason, detail)
        VALUES ($host, $time, $vm, $run, $state, $reason, $detail)
        """,
        ("$host", hostId),
        ("$time", StoreSql.Text(entry.Time)),
        ("$vm", entry.Vm is { } vm ? StoreSql.Text(vm.VmId) : null),
        ("$run", entry.RunId is { } run ? StoreSql.Text(run) : null),
        ("$state", entry.State?.ToString() ?? string.Empty),
        ("$reason", entry.Reason.ToString()),
        ("$detail", entry.Detail));
}
