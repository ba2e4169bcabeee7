using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>A registry hive file (regf). Keys and values are read page by page, and only changed pages are written.</summary>
public sealed class RegistryHive : IDisposable
{
    /// <summary>The key everything hangs under.</summary>
    public RegistryKey Root => throw new NotSupportedException();

    /// <summary>Whether transaction logs were replayed (in memory, when the hive is only read).</summary>
    public bool WasReplayed => throw new NotSupportedException();

    /// <summary>Opens a hive.</summary>
    /// <param name="file">The hive's bytes. Left open by <see cref="Dispose"/>.</param>
    /// <param name="logs">LOG1 and LOG2 (or the one .LOG), where present; looked at only when the hive is dirty or to be written.</param>
    /// <param name="options">How.</param>
    /// <returns>The hive.</returns>
    public static RegistryHive Open(IBlockFile file, IReadOnlyList<IBlockFile> logs, RegistryOpenOptions options) => throw new NotSupportedException();

    /// <summary>Makes an empty hive with a root key.</summary>
    /// <param name="file">Receives it; must be empty.</param>
    /// <param name="options">How.</param>
    /// <returns>The hive, open for writing.</returns>
    public static RegistryHive CreateEmpty(IBlockFile file, RegistryCreateOptions options) => throw new NotSupportedException();

    /// <summary>Looks a key up.</summary>
    /// <param name="path">Names between <c>\</c>, without case; empty for the root.</param>
    /// <returns>The key, or <see langword="null"/>.</returns>
    public RegistryKey? Find(string path) => throw new NotSupportedException();

    /// <summary>Makes a key and those above it, where absent; they take the security of the key above.</summary>
    /// <param name="path">Names between <c>\</c>.</param>
    /// <returns>The key.</returns>
    public RegistryKey Create(string path) => throw new NotSupportedException();

    /// <summary>
    /// Writes the changed pages in the order that survives a crash: base block with Sequence1 + 1, flush; pages, flush; Sequence2, flush.
    /// Nothing is written when nothing changed.
    /// </summary>
    public void Commit() => throw new NotSupportedException();

    /// <summary>Lets go of the hive. What was not committed is not written.</summary>
    public void Dispose()
    {
    }
}
