using SQLitePCL;

namespace VmUpdate.Core.Store;

/// <summary>
/// The one way to SQLite's native library on every framework: <c>e_sqlite3</c>, by its name. Must be chosen before the first
/// connection is made; the package that would choose by itself takes another way on .NET Framework.
/// </summary>
internal static class SqliteLibrary
{
    private static readonly Lazy<bool> Chosen = new(() =>
    {
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        return true;
    });

    /// <summary>Chooses it; nothing happens the second time.</summary>
    internal static void Use() => _ = Chosen.Value;
}
