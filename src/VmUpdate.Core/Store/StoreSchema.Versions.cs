namespace VmUpdate.Core.Store;

internal static partial class StoreSchema
{
    // Pools are known by name here, not by their row: what was built stays known when a pool is forgotten.
    private const string Version4 = """
        CREATE TABLE image_versions (
            host_id TEXT NOT NULL,
            pool_key TEXT NOT NULL,
            number INTEGER NOT NULL CHECK (number > 0),
            path TEXT NOT NULL,
            content TEXT NOT NULL,
            PRIMARY KEY (host_id, pool_key, number)
        ) STRICT;

        CREATE TABLE image_builds (
            id TEXT PRIMARY KEY,
            host_id TEXT NOT NULL,
            pool_key TEXT NOT NULL,
            state TEXT NOT NULL,
            began_utc TEXT NOT NULL,
            ended_utc TEXT,
            content TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX image_builds_one_open ON image_builds (host_id, pool_key) WHERE ended_utc IS NULL;

        CREATE TABLE image_build_steps (
            build_id TEXT NOT NULL REFERENCES image_builds (id),
            number INTEGER NOT NULL,
            state TEXT NOT NULL,
            began_utc TEXT NOT NULL,
            note TEXT NOT NULL,
            PRIMARY KEY (build_id, number)
        ) STRICT;
        """;
}
