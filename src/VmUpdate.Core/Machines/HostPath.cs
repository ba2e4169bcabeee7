using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Machines;

/// <summary>Paths of files on this host.</summary>
public static class HostPath
{
    private static readonly StringComparison Comparison =
        Path.DirectorySeparatorChar == '\\' ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>Whether two paths are written for one file: made full, and without case on Windows. Links are not followed.</summary>
    /// <param name="left">A path.</param>
    /// <param name="right">Another.</param>
    /// <returns><see langword="true"/> when they are.</returns>
    public static bool AreSame(string left, string right) =>
        left.Length > 0 && right.Length > 0 && string.Equals(Path.GetFullPath(left), Path.GetFullPath(right), Comparison);

    /// <summary>The folder that a file is in, opened.</summary>
    /// <param name="files">Where host files come from.</param>
    /// <param name="path">The file's full path.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="HostFileException">It is absent or refused.</exception>
    public static IHostFolder FolderOf(IHostFileSystem files, string path) => files.OpenFolder(Path.GetDirectoryName(path) ?? path);

    /// <summary>Sees that a machine's file is there.</summary>
    /// <param name="files">Where host files come from.</param>
    /// <param name="vmName">The machine's name.</param>
    /// <param name="path">The file's full path.</param>
    /// <param name="what">What it is to the machine, as in "its disk".</param>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.DiskNotUsable"/>: it is not, or its folder cannot be looked into.</exception>
    public static void RequireFile(IHostFileSystem files, string vmName, string path, string what)
    {
        try
        {
            if (FolderOf(files, path).Exists(Path.GetFileName(path)))
            {
                return;
            }
        }
        catch (HostFileException failure)
        {
            throw new HypervisorException(HypervisorFailure.DiskNotUsable, vmName, $"{what} {path} cannot be used: {failure.Message}", failure);
        }

        throw new HypervisorException(HypervisorFailure.DiskNotUsable, vmName, $"{what} {path} does not exist.");
    }
}
