using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Registry;

public sealed partial class RegistryHive
{
    private const uint CreatedVersion = 5;

    internal HiveEditor Editor => _editor ?? throw new InvalidOperationException("The hive was opened for reading only.");

    /// <summary>Makes an empty hive of version 1.5 with a root key. The file is written by <see cref="Commit"/>.</summary>
    /// <param name="file">Receives it; must be empty.</param>
    /// <param name="options">How.</param>
    /// <returns>The hive, open for writing.</returns>
    /// <exception cref="DiskFormatException">The file is not empty, or the security descriptor or the name is none.</exception>
    public static RegistryHive CreateEmpty(IBlockFile file, RegistryCreateOptions options)
    {
        if (file.Length != 0)
        {
            throw new DiskFormatException(
                DiskFormatDefect.AlreadyExists, HiveBaseBlock.Structure, 0, $"a hive is made in an empty file, and this one has {file.Length} bytes.");
        }

        HiveBaseBlock block = HiveBaseBlock.Create(CreatedVersion, rootCell: 0, binsSize: 0);
        var hive = new RegistryHive(file, [], HiveImage.Empty(file, block), new RegistryOpenOptions { Writable = true, UtcNow = options.UtcNow });
        try
        {
            block.RootCell = hive.Editor.CreateRoot(options.RootName, options.SecurityDescriptor ?? DefaultSecurity.Descriptor);
            return hive;
        }
        catch
        {
            hive.Dispose();
            throw;
        }
    }

    /// <summary>Makes a key and those above it, where absent; they take the security of the key above.</summary>
    /// <param name="path">Names between <c>\</c>.</param>
    /// <returns>The key.</returns>
    /// <exception cref="DiskFormatException">A name is none, keys would lie too deep, or what leads to it is damaged.</exception>
    public RegistryKey Create(string path)
    {
        RegistryKey key = Root;
        foreach (string name in Names(path))
        {
            key = key.CreateSubKey(name);
        }

        return key;
    }

    /// <summary>
    /// Writes the changed pages in the order that survives a crash: base block with a higher Sequence1, flush; pages, flush; Sequence2, flush.
    /// With <see cref="RegistryOpenOptions.WriteLog"/> a log entry with all of them comes first, and a crash at any point leaves a hive that
    /// is, with its logs, the old or the new one. Nothing is written when nothing changed.
    /// </summary>
    /// <exception cref="DiskFormatException">The sequence numbers, or the size of a log entry, are at their end.</exception>
    /// <exception cref="HostFileException">The host failed.</exception>
    public void Commit()
    {
        HiveEditor editor = Editor;
        if (editor.IsBroken)
        {
            throw new InvalidOperationException("A change of this hive failed half-way, so it is not written.");
        }

        if (editor.HasChanges)
        {
            _committer!.Commit(editor.Now());
            editor.MarkCommitted();
        }
    }

    /// <summary>
    /// Overwrites what keys and values that were deleted or moved left behind in the hive: its free cells, with the next commit, and at
    /// once what the file holds behind the hive's end. What a shorter value leaves of a longer one in a cell that is in use stays.
    /// </summary>
    /// <exception cref="DiskFormatException">A bin or a cell is damaged.</exception>
    public void WipeFreeCells()
    {
        Cells.Pages.ReadAhead();
        Editor.WipeFree();
        byte[] zeros = new byte[HiveFormat.PageSize];
        for (long at = HiveFormat.BinsStart + (long)Cells.Pages.Length; at < _file.Length; at += zeros.Length)
        {
            _file.WriteAt(at, zeros.AsSpan(0, (int)Math.Min(zeros.Length, _file.Length - at)));
        }
    }

    private static void CheckOptions(IReadOnlyList<IBlockFile> logs, RegistryOpenOptions options)
    {
        if (options.Writable && options.UtcNow is null)
        {
            throw new ArgumentException("A hive that is to be written needs the time.", nameof(options));
        }

        if (options.Writable && options.WriteLog && logs.Count == 0)
        {
            throw new ArgumentException("A log entry was asked for, and there is no log to write it to.", nameof(logs));
        }
    }

    // Writing to a torn hive makes it look whole, so it must be.
    private void CheckWhole()
    {
        for (int bin = 0; bin < Cells.Pages.Length;)
        {
            bin += HiveBin.ReadSize(Cells.Pages, bin);
        }

        RegistryWalker walker = Walk();
        while (walker.Read())
        {
            if (walker.IsValue)
            {
                _ = walker.Data;
            }
            else
            {
                SecurityCell.Read(Cells, walker.Node.Security);
            }
        }
    }
}
