namespace VmUpdate.Shell;

/// <summary>Where <c>VmUpdate.psd1</c> is.</summary>
internal static class ModuleLocation
{
    private const string ManifestName = "VmUpdate.psd1";

    /// <summary>Looks for the manifest beside the program and in the folders above it: the repository's root, or a package's.</summary>
    /// <returns>The manifest's path.</returns>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    internal static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, ManifestName);
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new FileNotFoundException($"{ManifestName} is neither in '{AppContext.BaseDirectory}' nor in a folder above it.");
    }
}
