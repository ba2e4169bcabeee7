namespace VmUpdate.Simulation.Support;

/// <summary>Where the repository lies: the folder with the solution.</summary>
public static class RepositoryRoot
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "VmUpdate.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("VmUpdate.sln is in no folder above the tests.");
    }
}
