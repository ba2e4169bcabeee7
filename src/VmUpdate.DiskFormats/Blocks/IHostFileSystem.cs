namespace VmUpdate.DiskFormats.Blocks;

/// <summary>Where folders of the host come from.</summary>
public interface IHostFileSystem
{
    /// <summary>Opens a folder.</summary>
    /// <param name="path">The folder's full path.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="HostFileException">It does not exist or is refused.</exception>
    IHostFolder OpenFolder(string path);

    /// <summary>Makes a folder, and those above it, when it is absent.</summary>
    /// <param name="path">The folder's full path.</param>
    /// <param name="ownerOnly">Whether only its owner may enter it (mode 0700, or a protected DACL).</param>
    /// <returns>The folder.</returns>
    IHostFolder CreateFolder(string path, bool ownerOnly);
}
