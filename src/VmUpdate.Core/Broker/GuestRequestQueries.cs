using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>
/// Accepted requests of guests in the store. A request has no row of its own: the id of its task follows from the machine and the request,
/// so that the task says that it was accepted, for as long as the task's history is kept.
/// </summary>
internal static class GuestRequestQueries
{
    private const string OfGuests = "json_extract(t.content, '$.GuestRequest') IS NOT NULL";

    /// <summary>A task by its id, removed or not; <see langword="null"/> when there is none.</summary>
    public static UpdateTask? FindTask(this VmUpdateStore store, Guid task) => store.Query(
        "SELECT content FROM tasks WHERE id = $id", row => StoreJson.Read<UpdateTask>(row.GetString(0)), ("$id", StoreSql.Text(task))).SingleOrDefault();

    /// <summary>When a machine's requests were accepted, of those since a time.</summary>
    public static IReadOnlyList<DateTime> GetGuestRequestTimes(this VmUpdateStore store, VmKey vm, DateTime since) => store.Query(
        $"""
        SELECT t.registered_utc FROM runs r JOIN tasks t ON t.id = r.task_id
        WHERE r.host_id = $host AND r.vm_id = $vm AND t.registered_utc > $since AND {OfGuests} ORDER BY t.registered_utc
        """,
        row => StoreSql.Time(row.GetString(0)),
        ("$host", vm.HostId),
        ("$vm", StoreSql.Text(vm.VmId)),
        ("$since", StoreSql.Text(since)));

    /// <summary>How many of a machine's accepted requests have a run that has not ended.</summary>
    public static int CountOpenGuestRequests(this VmUpdateStore store, VmKey vm) => store.Query(
        $"""
        SELECT count(*) FROM runs r JOIN tasks t ON t.id = r.task_id
        WHERE r.host_id = $host AND r.vm_id = $vm AND r.ended_utc IS NULL AND {OfGuests}
        """,
        row => row.GetInt32(0),
        ("$host", vm.HostId),
        ("$vm", StoreSql.Text(vm.VmId))).Single();
}
