using System.IO.Compression;
using Xunit;

namespace VmUpdate.Simulation.Support;

/// <summary>Test data that nobody here wrote: real hives, volumes and disks, beside the repository. A test without it is skipped.</summary>
public static class Corpora
{
    private static string Folder => Path.GetFullPath(Path.Combine(RepositoryRoot.Path, "..", "shared", "corpora"));

    /// <summary>Unpacks a file into memory.</summary>
    /// <param name="name">Its path in the corpora, such as <c>hives/regipy/SAM.gz</c>.</param>
    /// <returns>Its bytes.</returns>
    public static byte[] Read(string name)
    {
        using Stream packed = OpenPacked(name);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>Unpacks a file into a folder.</summary>
    /// <param name="name">Its path in the corpora, such as <c>vhdx/pair-old.vhdx.gz</c>.</param>
    /// <param name="folder">The folder.</param>
    /// <returns>The unpacked file's path; its name is that of the original.</returns>
    public static string Open(string name, TempFolder folder)
    {
        string target = folder.File(Path.GetFileNameWithoutExtension(name));
        using Stream packed = OpenPacked(name);
        using FileStream file = File.Create(target);
        packed.CopyTo(file);
        return target;
    }

    /// <summary>The path of a file that is not packed, such as a manifest.</summary>
    /// <param name="name">Its path in the corpora.</param>
    /// <returns>Its full path.</returns>
    public static string PathOf(string name)
    {
        string path = Path.Combine(Folder, name.Replace('/', Path.DirectorySeparatorChar));
        Assert.SkipUnless(File.Exists(path), $"The test file {name} is not in ../shared/corpora.");
        return path;
    }

    private static GZipStream OpenPacked(string name) => new(File.OpenRead(PathOf(name)), CompressionMode.Decompress);
}
