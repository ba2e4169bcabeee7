namespace VmUpdate.DiskFormats.Blocks;

/// <summary>
/// A folder of the host. With <see cref="IBlockFile"/> the only way to host files, so that a test can stand a crashing,
/// a counting or a full one in its place. Names are of entries in this folder, never paths.
/// </summary>
public interface IHostFolder
{
    /// <summary>The folder's full path, for messages.</summary>
    string Path { get; }

    /// <summary>Makes a new file, open for reading and writing.</summary>
    /// <param name="name">The entry's name.</param>
    /// <returns>The empty file.</returns>
    /// <exception cref="HostFileException"><see cref="HostFileFailure.AlreadyExists"/> and the others.</exception>
    IBlockFile Create(string name);

    /// <summary>Opens a file.</summary>
    /// <param name="name">The entry's name.</param>
    /// <param name="mode">What for.</param>
    /// <returns>The file.</returns>
    /// <exception cref="HostFileException">It is absent, held by another, or refused.</exception>
    IBlockFile Open(string name, HostFileMode mode);

    /// <summary>Whether a file of that name exists.</summary>
    /// <param name="name">The entry's name.</param>
    /// <returns><see langword="true"/> when it does.</returns>
    bool Exists(string name);

    /// <summary>The names of all files in the folder, in no order.</summary>
    /// <returns>The names.</returns>
    IReadOnlyList<string> Enumerate();

    /// <summary>Gives a file another name, replacing what has that name.</summary>
    /// <param name="from">The present name.</param>
    /// <param name="to">The new name.</param>
    void Rename(string from, string to);

    /// <summary>Deletes a file; nothing happens when it is absent.</summary>
    /// <param name="name">The entry's name.</param>
    void Delete(string name);

    /// <summary>How much room the host's volume has, in bytes.</summary>
    long FreeBytes { get; }

    /// <summary>Returns when creations, renames and deletions survive a loss of power.</summary>
    void Flush();
}
