namespace VmUpdate.Fuzz;

/// <summary>Something that takes hostile bytes.</summary>
public abstract class FuzzTarget
{
    private readonly Dictionary<byte[], int[]> _places = [];

    /// <summary>What it is called on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>What is told of the cases at the end; empty for nothing.</summary>
    public virtual string Summary => string.Empty;

    /// <summary>The most that one case may allocate, in bytes.</summary>
    public virtual long AllocationLimit => 64L * 1024 * 1024;

    /// <summary>Valid files to start from: the first of each set is the one under test, others lie beside it.</summary>
    protected abstract IReadOnlyList<byte[][]> Seeds { get; }

    /// <summary>Runs one case.</summary>
    /// <param name="random">All chance in it.</param>
    public void RunCase(Random random)
    {
        byte[][] set = Seeds[random.Next(Seeds.Count)];
        FuzzFile[] files = [.. set.Select(seed => new FuzzFile(seed))];
        foreach (FuzzFile file in files)
        {
            if (file.Seed.Length >= 512 && (files.Length == 1 || random.Next(3) > 0))
            {
                Mutator.Mutate(file, PlacesOf(file.Seed), random);
            }
        }

        // Mostly with right checksums: what lies behind them is what is to be tried.
        if (random.Next(16) > 0)
        {
            Repair(files);
        }

        Exercise(files, random);
    }

    /// <summary>Makes checksums right.</summary>
    /// <param name="files">The changed files.</param>
    protected abstract void Repair(FuzzFile[] files);

    /// <summary>Does what callers do. Only failures that are foreseen may come out.</summary>
    /// <param name="files">The changed files.</param>
    /// <param name="random">All chance in it.</param>
    protected abstract void Exercise(FuzzFile[] files, Random random);

    private int[] PlacesOf(byte[] seed)
    {
        if (!_places.TryGetValue(seed, out int[]? places))
        {
            places = Mutator.FindPlaces(seed);
            _places.Add(seed, places);
        }

        return places;
    }
}
