namespace VmUpdate.Benchmarks;

/// <summary>Where the module and its scripts are.</summary>
internal static class Repository
{
    /// <summary>The folder that holds VmUpdate.psd1.</summary>
    /// <exception cref="InvalidOperationException">The benchmarks run elsewhere.</exception>
    public static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "VmUpdate.psd1")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The benchmarks do not run inside the repository.");
    }
}
