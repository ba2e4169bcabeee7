using System.Globalization;
using VmUpdate.Simulation.World;

// Plays the broker's world: --steps N (default 1000000) from a fresh or a given --seed S; --seed S alone plays that one world, with --trace in words.
int Number(string name, int otherwise)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
}

int seed = Number("--seed", Environment.TickCount);
bool isOneWorld = args.Contains("--seed") && !args.Contains("--steps");
Console.WriteLine($"seed {seed}");
try
{
    CampaignResult result = isOneWorld ? Campaign.PlayWorld(seed, args.Contains("--trace") ? Console.WriteLine : null) : Campaign.Run(seed, Number("--steps", 1_000_000), Console.WriteLine);
    Console.WriteLine(result);
    return 0;
}
catch (SimulationFailedException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
