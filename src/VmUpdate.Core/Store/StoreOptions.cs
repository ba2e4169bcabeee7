using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Store;

/// <summary>How the store is opened.</summary>
public sealed class StoreOptions
{
    /// <summary>Where host files come from: the store's folder and its locks. The database itself is SQLite's.</summary>
    public required IHostFileSystem Files { get; init; }

    /// <summary>The time for what is written down.</summary>
    public IClock Clock { get; init; } = SystemClock.Instance;

    /// <summary>How long a call waits for another process that writes.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
