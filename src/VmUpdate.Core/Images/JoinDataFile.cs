using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Images;

/// <summary>Finds the join data that an administrator made for a machine.</summary>
internal static class JoinDataFile
{
    /// <summary>Reads a machine's join data.</summary>
    /// <param name="files">Where host files come from.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="vmName">The machine's name, which the file has too.</param>
    /// <returns>The data; <see langword="null"/> when the folder has none for the machine.</returns>
    /// <exception cref="IdentityException">The file holds no join data.</exception>
    /// <exception cref="HostFileException">The file cannot be read.</exception>
    public static SecretBuffer? Read(IHostFileSystem files, string folder, string vmName)
    {
        IHostFolder opened = files.OpenFolder(folder);
        string wanted = vmName + ".txt";

        // Looked for among the names that are there: a machine's name may hold what a path is made of.
        string? name = opened.Enumerate().FirstOrDefault(file => string.Equals(file, wanted, StringComparison.OrdinalIgnoreCase));
        if (name is null)
        {
            return null;
        }

        string path = Path.Combine(opened.Path, name);
        using IBlockFile file = opened.Open(name, HostFileMode.Read);
        if (file.Length > AnswerFile.MaxJoinDataSize)
        {
            throw Invalid(path);
        }

        using var bytes = new SecretBuffer((int)file.Length);
        file.ReadAt(0, bytes.Span);
        return AnswerFile.ReadJoinData(bytes.Span) ?? throw Invalid(path);
    }

    private static IdentityException Invalid(string path) => new(
        IdentityFailure.AnswerFileInvalid, path, "it holds no join data: one line of base64 is expected, as djoin /provision /savefile writes it.");
}
