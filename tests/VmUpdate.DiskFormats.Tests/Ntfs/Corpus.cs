using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

/// <summary>The volumes nobody here wrote, beside the repository; a test that needs one skips when it is absent.</summary>
internal static class Corpus
{
    public static string Require(string name)
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "VmUpdate.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        string path = Path.Combine(folder ?? ".", "..", "shared", name);
        Assert.SkipUnless(File.Exists(path), $"{name} is not there.");
        return path;
    }
}
