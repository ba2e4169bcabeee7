namespace VmUpdate.Benchmarks;

/// <summary>The table that ends a run: wanted beside found.</summary>
internal sealed class Figures
{
    private readonly List<(string Job, string Figure, string Wanted, string Found, bool? Met)> _rows = [];

    /// <summary>Adds a figure that has a bound.</summary>
    public void Add(string job, string figure, string wanted, string found, bool met) => _rows.Add((job, figure, wanted, found, met));

    /// <summary>Adds a figure that is only told.</summary>
    public void Tell(string job, string figure, string found) => _rows.Add((job, figure, string.Empty, found, null));

    /// <summary>Prints the table as Markdown.</summary>
    public void Print()
    {
        Console.WriteLine("| job | figure | wanted | found | |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach ((string job, string figure, string wanted, string found, bool? met) in _rows)
        {
            string verdict = met switch { true => "met", false => "**missed**", null => string.Empty };
            Console.WriteLine($"| {job} | {figure} | {wanted} | {found} | {verdict} |");
        }
    }
}
