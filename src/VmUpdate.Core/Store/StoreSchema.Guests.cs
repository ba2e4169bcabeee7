namespace VmUpdate.Core.Store;

// The requests of guests.
internal static partial class StoreSchema
{
    private const string GuestRequests = """
        CREATE TABLE guest_requests (
            host_id TEXT NOT NULL,
            vm_id TEXT NOT NULL,
            request_id TEXT NOT NULL,
            content_key TEXT NOT NULL,
            task_id TEXT NOT NULL,
            answer TEXT NOT NULL,
            accepted_utc TEXT NOT NULL,
            PRIMARY KEY (host_id, vm_id, request_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX guest_requests_by_time ON guest_requests (host_id, vm_id, accepted_utc);
        CREATE INDEX guest_requests_by_task ON guest_requests (task_id);
        CREATE INDEX runs_open_by_machine ON runs (host_id, vm_id) WHERE ended_utc IS NULL;
        """;
}
