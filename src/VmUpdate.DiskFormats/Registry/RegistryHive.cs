using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>
/// A registry hive file (regf). Keys and values are read page by page, and only changed pages are written. One thread at a time.
/// </summary>
public sealed partial class RegistryHive : IDisposable
{
    private readonly IBlockFile _file;
    private readonly HiveBaseBlock _block;

    private readonly HiveEditor? _editor;
    private readonly HiveCommitter? _committer;

    private RegistryHive(IBlockFile file, IReadOnlyList<IBlockFile> logs, HiveImage image, RegistryOpenOptions options)
    {
        _file = file;
        _block = image.Block;
        WasReplayed = image.WasReplayed;
        IsTorn = image.IsTorn;
        Cells = new HiveCells(image.Pages, image.Block.Minor);
        if (options.Writable)
        {
            _editor = new HiveEditor(Cells, options.UtcNow!);
            _committer = new HiveCommitter(file, logs, image, options);
        }
    }

    /// <summary>The key everything hangs under.</summary>
    public RegistryKey Root => new(this, _block.RootCell, 0);

    /// <summary>Whether transaction logs were replayed (in memory, when the hive is only read).</summary>
    public bool WasReplayed { get; }

    /// <summary>
    /// Whether the last write to the hive never ended and no log helped: it is read as it lies, and what was written last may be there in
    /// part. Such a hive is written only when a walk through all of it meets no defect.
    /// </summary>
    public bool IsTorn { get; }

    /// <summary>The minor version, 3 to 6: hives of user profiles are 1.3, those of the machine 1.5.</summary>
    public int MinorVersion => (int)_block.Minor;

    internal HiveCells Cells { get; }

    /// <summary>Opens a hive.</summary>
    /// <param name="file">The hive's bytes. Left open by <see cref="Dispose"/>.</param>
    /// <param name="logs">LOG1 and LOG2 (or the one .LOG), where present; looked at only when the hive is dirty or to be written.</param>
    /// <param name="options">How.</param>
    /// <returns>The hive.</returns>
    /// <exception cref="DiskFormatException">
    /// It is no hive, of a version not known, cut off, its base block's checksum is wrong and no log mends it; or there is no root key.
    /// </exception>
    public static RegistryHive Open(IBlockFile file, IReadOnlyList<IBlockFile> logs, RegistryOpenOptions options)
    {
        CheckOptions(logs, options);
        var hive = new RegistryHive(file, logs, HiveImage.Load(file, logs, options.Writable), options);
        try
        {
            KeyNode.Read(hive.Cells, hive._block.RootCell);
            if (hive.IsTorn && options.Writable)
            {
                hive.CheckWhole();
            }

            return hive;
        }
        catch
        {
            hive.Dispose();
            throw;
        }
    }

    /// <summary>Looks a key up.</summary>
    /// <param name="path">Names between <c>\</c>, without case; empty for the root.</param>
    /// <returns>The key, or <see langword="null"/>.</returns>
    /// <exception cref="DiskFormatException">What leads to it is damaged.</exception>
    public RegistryKey? Find(string path)
    {
        RegistryKey? key = Root;
        foreach (string name in Names(path))
        {
            key = key.FindSubKey(name);
            if (key is null)
            {
                return null;
            }
        }

        return key;
    }

    /// <summary>Walks through the whole hive.</summary>
    /// <returns>The walker, in front of the root key.</returns>
    public RegistryWalker Walk()
    {
        Cells.Pages.ReadAhead();
        return new RegistryWalker(Root);
    }

    /// <summary>Lets go of the hive. What was not committed is not written.</summary>
    public void Dispose() => Cells.Pages.Dispose();

    private static string[] Names(string path)
    {
        string trimmed = path.Trim('\\');
        return trimmed.Length == 0 ? [] : trimmed.Split('\\');
    }
}
