namespace VmUpdate.Benchmarks;

/// <summary>The image the disk jobs run on, made by the image maker of the test data, and what is taken from it.</summary>
internal sealed class BenchmarkImage
{
    private const long WantedBytes = 94L * 1024 * 1024;
    private const string Config = "Windows/System32/config/";

    private BenchmarkImage(string folder)
    {
        Folder = folder;
        Files = ChooseFiles(Path.Combine(folder, "manifest.tsv"));
    }

    /// <summary>Where the image lies.</summary>
    public string Folder { get; }

    /// <summary>The disk.</summary>
    public string Disk => Path.Combine(Folder, "base.vhdx");

    /// <summary>The twelve files: seven hives, and others up to 94 MiB.</summary>
    public IReadOnlyList<(string Path, long Length)> Files { get; }

    /// <summary>The bytes of the twelve files.</summary>
    public long FileBytes => Files.Sum(file => file.Length);

    /// <summary>Two of them that are written over in place.</summary>
    public IEnumerable<(string Path, long Length)> Overwritten => Files.TakeLast(2);

    /// <summary>Opens an image that was made, or makes it.</summary>
    /// <param name="folder">Where it is, or shall be.</param>
    /// <returns>The image.</returns>
    public static BenchmarkImage Open(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "image.json")))
        {
            string maker = Path.Combine(Repository.Root(), "..", "shared", "oracles", "make-image.sh");
            Console.Error.WriteLine($"Making the image in {folder}: about a minute.");
            Shell.Run($"'{maker}' '{folder}' -s 16G -n 20000 -m 40 -k 80");
        }

        return new BenchmarkImage(folder);
    }

    private static List<(string Path, long Length)> ChooseFiles(string manifest)
    {
        string[] hives = ["SOFTWARE", "COMPONENTS", "SYSTEM", "DRIVERS", "DEFAULT", "SAM", "SECURITY"];
        var all = File.ReadLines(manifest).Select(line => line.Split('\t'))
            .Select(row => (Path: row[2], Length: long.Parse(row[1], System.Globalization.CultureInfo.InvariantCulture)))
            .ToList();
        var chosen = all.Where(file => hives.Contains(Path.GetFileName(file.Path)) && file.Path.StartsWith(Config, StringComparison.Ordinal)).ToList();

        // Five more, each as large as the room left allows for those still to come.
        for (int left = 5; left > 0; left--)
        {
            long room = (WantedBytes - chosen.Sum(file => file.Length)) / left;
            chosen.Add(all
                .Where(file => file.Path.StartsWith("Windows/System32/", StringComparison.Ordinal) && !chosen.Contains(file))
                .Where(file => !file.Path.StartsWith(Config, StringComparison.Ordinal) && file.Length <= room)
                .MaxBy(file => file.Length));
        }

        return chosen;
    }
}
