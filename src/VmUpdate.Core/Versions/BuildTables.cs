using Microsoft.Data.Sqlite;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Versions;

/// <summary>Versions and the journal of their building, read from the store and written into it.</summary>
public static class BuildTables
{
    /// <summary>The recorded versions of a pool's master.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="pool">The pool's name, without case.</param>
    /// <returns>The versions, by number.</returns>
    public static IReadOnlyList<ImageVersion> GetVersions(this VmUpdateStore store, string hostId, string pool) => store.Query(
        "SELECT content FROM image_versions WHERE host_id = $host AND pool_key = $key ORDER BY number",
        row => StoreJson.Read<ImageVersion>(row.GetString(0)),
        ("$host", hostId),
        ("$key", StoreTransaction.Key(pool)));

    /// <summary>The build for a pool that has not ended.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="pool">The pool's name, without case.</param>
    /// <returns>The build, or <see langword="null"/>.</returns>
    public static BuildRecord? FindOpenBuild(this VmUpdateStore store, string hostId, string pool) => store.Query(
        "SELECT content FROM image_builds WHERE host_id = $host AND pool_key = $key AND ended_utc IS NULL",
        ReadBuild,
        ("$host", hostId),
        ("$key", StoreTransaction.Key(pool))).SingleOrDefault();

    /// <summary>All builds for a pool, those that failed too.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="pool">The pool's name, without case.</param>
    /// <returns>The builds, the oldest first.</returns>
    public static IReadOnlyList<BuildRecord> GetBuilds(this VmUpdateStore store, string hostId, string pool) => store.Query(
        "SELECT content FROM image_builds WHERE host_id = $host AND pool_key = $key ORDER BY began_utc",
        ReadBuild,
        ("$host", hostId),
        ("$key", StoreTransaction.Key(pool)));

    /// <summary>Adds a version, or changes the one of that number.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="version">The version.</param>
    internal static void SaveVersion(this StoreTransaction transaction, string hostId, ImageVersion version) => transaction.Run(
        """
        INSERT INTO image_versions (host_id, pool_key, number, path, content) VALUES ($host, $key, $number, $path, $content)
        ON CONFLICT (host_id, pool_key, number) DO UPDATE SET path = $path, content = $content
        """,
        ("$host", hostId),
        ("$key", StoreTransaction.Key(version.Pool)),
        ("$number", version.Number),
        ("$path", version.Path),
        ("$content", StoreJson.Write(version)));

    /// <summary>Adds a build, or changes it.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="build">The build.</param>
    internal static void SaveBuild(this StoreTransaction transaction, BuildRecord build) => transaction.Run(
        """
        INSERT INTO image_builds (id, host_id, pool_key, state, began_utc, ended_utc, content)
        VALUES ($id, $host, $key, $state, $began, $ended, $content)
        ON CONFLICT (id) DO UPDATE SET state = $state, ended_utc = $ended, content = $content
        """,
        ("$id", StoreSql.Text(build.Id)),
        ("$host", build.HostId),
        ("$key", StoreTransaction.Key(build.Pool)),
        ("$state", build.State.ToString()),
        ("$began", StoreSql.Text(build.Began)),
        ("$ended", build.Ended is { } ended ? StoreSql.Text(ended) : null),
        ("$content", StoreJson.Write(build)));

    /// <summary>Adds a line to a build's journal.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="build">The build.</param>
    /// <param name="state">The step.</param>
    /// <param name="began">When it was begun, in UTC.</param>
    /// <param name="note">What is to be known of it; may be empty.</param>
    internal static void AddBuildStep(this StoreTransaction transaction, Guid build, BuildState state, DateTime began, string note) => transaction.Run(
        """
        INSERT INTO image_build_steps (build_id, number, state, began_utc, note)
        VALUES ($build, (SELECT count(*) + 1 FROM image_build_steps WHERE build_id = $build), $state, $began, $note)
        """,
        ("$build", StoreSql.Text(build)),
        ("$state", state.ToString()),
        ("$began", StoreSql.Text(began)),
        ("$note", note));

    private static BuildRecord ReadBuild(SqliteDataReader row) => StoreJson.Read<BuildRecord>(row.GetString(0));
}
