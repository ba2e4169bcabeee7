using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Broker;

/// <summary>Accepted requests of guests in the store: each with its answer, so that a guest that asks again gets the same.</summary>
internal static class GuestRequestTables
{
    /// <summary>An accepted request.</summary>
    /// <param name="ContentKey">What it asked for.</param>
    /// <param name="Answer">What was answered.</param>
    public sealed record Accepted(string ContentKey, string Answer);

    /// <summary>Writes an accepted request down; its task is written in the same transaction.</summary>
    public static void AddGuestRequest(this StoreTransaction transaction, VmKey vm, Guid request, string contentKey, Guid task, string answer, DateTime utcNow) =>
        transaction.Run(
            """
            INSERT INTO guest_requests (host_id, vm_id, request_id, content_key, task_id, answer, accepted_utc)
            VALUES ($host, $vm, $request, $key, $task, $answer, $accepted)
            """,
            ("$host", vm.HostId),
            ("$vm", StoreSql.Text(vm.VmId)),
            ("$request", StoreSql.Text(request)),
            ("$key", contentKey),
            ("$task", StoreSql.Text(task)),
            ("$answer", answer),
            ("$accepted", StoreSql.Text(utcNow)));

    /// <summary>An accepted request, or <see langword="null"/>.</summary>
    public static Accepted? FindGuestRequest(this VmUpdateStore store, VmKey vm, Guid request) => store.Query(
        "SELECT content_key, answer FROM guest_requests WHERE host_id = $host AND vm_id = $vm AND request_id = $request",
        row => new Accepted(row.GetString(0), row.GetString(1)),
        ("$host", vm.HostId),
        ("$vm", StoreSql.Text(vm.VmId)),
        ("$request", StoreSql.Text(request))).SingleOrDefault();

    /// <summary>When a machine's requests were accepted, of those since a time.</summary>
    public static IReadOnlyList<DateTime> GetGuestRequestTimes(this VmUpdateStore store, VmKey vm, DateTime since) => store.Query(
        "SELECT accepted_utc FROM guest_requests WHERE host_id = $host AND vm_id = $vm AND accepted_utc > $since ORDER BY accepted_utc",
        row => StoreSql.Time(row.GetString(0)),
        ("$host", vm.HostId),
        ("$vm", StoreSql.Text(vm.VmId)),
        ("$since", StoreSql.Text(since)));

    /// <summary>How many of a machine's accepted requests have a run that has not ended.</summary>
    public static int CountOpenGuestRequests(this VmUpdateStore store, VmKey vm) => store.Query(
        """
        SELECT count(*) FROM runs r WHERE r.host_id = $host AND r.vm_id = $vm AND r.ended_utc IS NULL
            AND EXISTS (SELECT 1 FROM guest_requests g WHERE g.task_id = r.task_id)
        """,
        row => row.GetInt32(0),
        ("$host", vm.HostId),
        ("$vm", StoreSql.Text(vm.VmId))).Single();
}
