using System.Globalization;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>Tasks, and what prompts want of the broker, written into the store.</summary>
public static class TaskTables
{
    /// <summary>Registers a task with its first runs.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="task">The task, already checked.</param>
    /// <param name="payload">What is handed to the agent.</param>
    /// <param name="runs">Its first runs.</param>
    /// <param name="replace">Whether a task of the name that is there is removed first.</param>
    /// <exception cref="TaskException"><see cref="TaskDefect.NameTaken"/>: another task has the name.</exception>
    public static void AddTask(this StoreTransaction transaction, string hostId, UpdateTask task, TaskPayload payload, IReadOnlyList<UpdateRun> runs, bool replace = false)
    {
        if (replace && transaction.FindTaskId(hostId, task.Name) is { } present)
        {
            transaction.RemoveTask(hostId, Guid.Parse(present), task.Registered);
        }

        transaction.Run(
            "INSERT INTO payloads (sha256, content) VALUES ($sha256, $content) ON CONFLICT DO NOTHING",
            ("$sha256", payload.Info.Sha256),
            ("$content", payload.Bytes.ToArray()));
        int added = transaction.Run(
            """
            INSERT INTO tasks (id, host_id, name, name_key, content, payload_sha256, registered_utc, held, counted_from_utc, is_removed)
            VALUES ($id, $host, $name, $key, $content, $sha256, $registered, '', $registered, 0) ON CONFLICT DO NOTHING
            """,
            ("$id", StoreSql.Text(task.Id)),
            ("$host", hostId),
            ("$name", task.Name),
            ("$key", StoreTransaction.Key(task.Name)),
            ("$content", StoreJson.Write(task)),
            ("$sha256", payload.Info.Sha256),
            ("$registered", StoreSql.Text(task.Registered)));
        if (added == 0)
        {
            throw NameTaken(task.Name);
        }

        foreach (UpdateRun run in runs)
        {
            transaction.SaveRun(run);
        }

        transaction.Order(hostId, BrokerOrderKind.TaskAdded, StoreSql.Text(task.Id), task.Registered);
    }

    /// <summary>Changes a task: what it was registered as stays, its waiting runs go by the change.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="task">The task as it shall be, with the same id, payload and name.</param>
    /// <param name="replanned">Runs of it that are due at another time now. Those that began meanwhile, or wait for a retry, are left as they are.</param>
    /// <param name="utcNow">The time, in UTC.</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>.</exception>
    public static void ChangeTask(this StoreTransaction transaction, string hostId, UpdateTask task, IReadOnlyList<UpdateRun> replanned, DateTime utcNow)
    {
        transaction.RequireTask(hostId, task.Id);
        transaction.Run("UPDATE tasks SET content = $content WHERE id = $id", ("$content", StoreJson.Write(task)), ("$id", StoreSql.Text(task.Id)));
        foreach (UpdateRun run in replanned)
        {
            transaction.Run(
                "UPDATE runs SET due_utc = $due, not_before_utc = $before WHERE id = $id AND state IN ('Pending', 'Held') AND attempt = 1",
                ("$due", StoreSql.Text(run.Due)),
                ("$before", StoreSql.Text(run.NotBefore)),
                ("$id", StoreSql.Text(run.Id)));
        }

        transaction.Order(hostId, BrokerOrderKind.TaskAdded, StoreSql.Text(task.Id), utcNow);
    }

    /// <summary>Removes a task. Its runs that wait are called off; those under way are told to stop. Its history stays.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="task">The task.</param>
    /// <param name="utcNow">The time, in UTC.</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>.</exception>
    public static void RemoveTask(this StoreTransaction transaction, string hostId, Guid task, DateTime utcNow)
    {
        transaction.RequireTask(hostId, task);
        transaction.Run("UPDATE tasks SET is_removed = 1 WHERE id = $id", ("$id", StoreSql.Text(task)));
        transaction.Order(hostId, BrokerOrderKind.TaskRemoved, StoreSql.Text(task), utcNow);
    }

    /// <summary>Suspends or resumes a task. Resuming one that failures held begins their count anew.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="task">The task.</param>
    /// <param name="isHeld">Whether it shall be suspended.</param>
    /// <param name="utcNow">The time, in UTC.</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>.</exception>
    public static void HoldTask(this StoreTransaction transaction, string hostId, Guid task, bool isHeld, DateTime utcNow)
    {
        transaction.RequireTask(hostId, task);
        transaction.Run(
            isHeld
                ? "UPDATE tasks SET held = 'Suspended' WHERE id = $id"
                : "UPDATE tasks SET held = '', counted_from_utc = $now WHERE id = $id",
            ("$id", StoreSql.Text(task)),
            ("$now", StoreSql.Text(utcNow)));
        transaction.Order(hostId, isHeld ? BrokerOrderKind.TaskHeld : BrokerOrderKind.TaskResumed, StoreSql.Text(task), utcNow);
    }

    /// <summary>Suspends or resumes a machine.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="vm">The machine.</param>
    /// <param name="isHeld">Whether it shall be suspended.</param>
    /// <param name="utcNow">The time, in UTC.</param>
    public static void HoldMachine(this StoreTransaction transaction, VmKey vm, bool isHeld, DateTime utcNow)
    {
        transaction.Run(
            isHeld
                ? "INSERT INTO held_machines (host_id, vm_id) VALUES ($host, $vm) ON CONFLICT DO NOTHING"
                : "DELETE FROM held_machines WHERE host_id = $host AND vm_id = $vm",
            ("$host", vm.HostId),
            ("$vm", StoreSql.Text(vm.VmId)));
        transaction.Order(vm.HostId, isHeld ? BrokerOrderKind.VmHeld : BrokerOrderKind.VmResumed, StoreSql.Text(vm.VmId), utcNow);
    }

    /// <summary>Suspends or resumes all work on a host.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="isHeld">Whether it shall be suspended.</param>
    /// <param name="utcNow">The time, in UTC.</param>
    public static void HoldHost(this StoreTransaction transaction, string hostId, bool isHeld, DateTime utcNow)
    {
        transaction.MakeHost(hostId, utcNow);
        transaction.Run("UPDATE broker_hosts SET is_held = $held WHERE host_id = $host", ("$held", isHeld ? 1 : 0), ("$host", hostId));
        transaction.Order(hostId, isHeld ? BrokerOrderKind.HostHeld : BrokerOrderKind.HostResumed, string.Empty, utcNow);
    }

    /// <summary>Sets how much of a host updates may take.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="limits">The limits, already checked.</param>
    /// <param name="utcNow">The time, in UTC.</param>
    public static void SaveLimits(this StoreTransaction transaction, string hostId, HostLimits limits, DateTime utcNow)
    {
        transaction.MakeHost(hostId, utcNow);
        transaction.Run("UPDATE broker_hosts SET limits = $limits WHERE host_id = $host", ("$limits", StoreJson.Write(limits)), ("$host", hostId));
        transaction.Order(hostId, BrokerOrderKind.LimitsSet, string.Empty, utcNow);
    }

    /// <summary>Calls a run off.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="run">The run.</param>
    /// <param name="utcNow">The time, in UTC.</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>: the host has no such run that has not ended.</exception>
    public static void CancelRun(this StoreTransaction transaction, string hostId, Guid run, DateTime utcNow)
    {
        long open = transaction.ReadNumber(
            "SELECT count(*) FROM runs WHERE id = $id AND host_id = $host AND ended_utc IS NULL",
            ("$id", StoreSql.Text(run)),
            ("$host", hostId));
        if (open == 0)
        {
            throw new StoreException(StoreFailure.NotFound, run.ToString("D", CultureInfo.InvariantCulture), "the host has no such run, or it has ended.");
        }

        transaction.Order(hostId, BrokerOrderKind.RunCanceled, StoreSql.Text(run), utcNow);
    }

    /// <summary>The failure of a task whose name another one has.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The failure.</returns>
    internal static TaskException NameTaken(string name) =>
        new(TaskDefect.NameTaken, name, "another task has this name. Choose another one, or replace that task.");

    private static string? FindTaskId(this StoreTransaction transaction, string hostId, string name) => transaction.Read(
        "SELECT id FROM tasks WHERE host_id = $host AND name_key = $key AND is_removed = 0",
        row => row.GetString(0),
        ("$host", hostId),
        ("$key", StoreTransaction.Key(name))).SingleOrDefault();

    private static void RequireTask(this StoreTransaction transaction, string hostId, Guid task)
    {
        long found = transaction.ReadNumber(
            "SELECT count(*) FROM tasks WHERE id = $id AND host_id = $host AND is_removed = 0",
            ("$id", StoreSql.Text(task)),
            ("$host", hostId));
        if (found == 0)
        {
            throw new StoreException(StoreFailure.NotFound, task.ToString("D", CultureInfo.InvariantCulture), "the host has no such task.");
        }
    }

    internal static void MakeHost(this StoreTransaction transaction, string hostId, DateTime utcNow) => transaction.Run(
        """
        INSERT INTO broker_hosts (host_id, limits, is_held, last_order, why_no_run, why_no_wake, stepped_utc)
        VALUES ($host, $limits, 0, 0, '', '', $now) ON CONFLICT DO NOTHING
        """,
        ("$host", hostId),
        ("$limits", StoreJson.Write(new HostLimits())),
        ("$now", StoreSql.Text(utcNow)));

    private static void Order(this StoreTransaction transaction, string hostId, BrokerOrderKind kind, string subject, DateTime utcNow) => transaction.Run(
        "INSERT INTO broker_orders (host_id, kind, subject, given_utc) VALUES ($host, $kind, $subject, $given)",
        ("$host", hostId),
        ("$kind", kind.ToString()),
        ("$subject", subject),
        ("$given", StoreSql.Text(utcNow)));
}
