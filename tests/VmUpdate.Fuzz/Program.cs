using System.Globalization;
using VmUpdate.Fuzz;
using VmUpdate.Fuzz.Targets;

// dotnet run --project tests/VmUpdate.Fuzz -c Release -- TARGET [--seed N] [--count N] [--seconds N]
FuzzTarget? target = args.Length > 0 ? FuzzTargets.Create(args[0]) : null;
if (target is null)
{
    Console.Error.WriteLine($"usage: {string.Join('|', FuzzTargets.Names)} [--seed N] [--count N] [--seconds N]");
    return 2;
}

long seed = Option("--seed") ?? Random.Shared.Next();
long count = Option("--count") ?? long.MaxValue;
TimeSpan duration = Option("--seconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromDays(1);
Console.WriteLine($"{target.Name}: from seed {seed}");
var runner = new FuzzRunner(target, Console.Out);
bool clean = runner.Run(seed, Option("--count") is null && Option("--seconds") is null ? 100_000 : count, duration);
Console.WriteLine($"{target.Name}: {runner.Cases} cases{target.Summary}, {runner.Refused} refused, {runner.Findings.Count} findings");
return clean ? 0 : 1;

long? Option(string name)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? long.Parse(args[at + 1], CultureInfo.InvariantCulture) : null;
}
