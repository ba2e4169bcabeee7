using System.Diagnostics;
using VmUpdate.Core.Machines;

namespace VmUpdate.Simulation.World;

/// <summary>Many worlds, one after the other, until so many steps were done.</summary>
public static class Campaign
{
    private static readonly VmPowerState[] Powers = [VmPowerState.Saved, VmPowerState.Off, VmPowerState.Paused, VmPowerState.Running];

    /// <summary>Plays worlds.</summary>
    /// <param name="seed">The first world's seed; the others follow from it.</param>
    /// <param name="steps">How many steps at least, all worlds together.</param>
    /// <param name="progress">Takes a line now and then.</param>
    /// <returns>What was played.</returns>
    /// <exception cref="SimulationFailedException">Something did not hold.</exception>
    public static CampaignResult Run(int seed, long steps, Action<string>? progress = null)
    {
        var watch = Stopwatch.StartNew();
        var result = new CampaignResult(0, 0, 0, 0, TimeSpan.Zero);
        for (int world = 0; result.Steps < steps; world++)
        {
            result = Add(result, PlayWorld(unchecked(seed + world)), watch.Elapsed);
            if (progress is not null && world % 50 == 49)
            {
                progress(result.ToString());
            }
        }

        return result;
    }

    /// <summary>Plays one world with faults, then lets it come to rest.</summary>
    /// <param name="seed">Its seed.</param>
    /// <param name="trace">Takes what happens, in words.</param>
    /// <returns>What was played.</returns>
    /// <exception cref="SimulationFailedException">Something did not hold.</exception>
    public static CampaignResult PlayWorld(int seed, Action<string>? trace = null)
    {
        var chance = new Random(seed);
        int machines = chance.Next(1, 41);
        var options = new WorldOptions
        {
            Machines = Enumerable.Range(0, machines).Select(_ => Powers[chance.Next(4)]).ToList(),
            Tasks = chance.Next(1, 9),
            Faults = chance.NextDouble() * 0.6,
            HasSessions = chance.Next(3) == 0,
            Limits = new() { MaxAwake = chance.Next(1, 6), MaxRuns = chance.Next(1, 8), MaxAwakePerVolume = chance.Next(1, 4), SettleTime = TimeSpan.FromSeconds(chance.Next(0, 61)) },
        };
        var world = new SimulatedWorld(seed, options) { Trace = trace };
        try
        {
            world.Run(1500);
            world.Settle();
        }
        catch (Exception failure) when (failure is not SimulationFailedException)
        {
            throw new SimulationFailedException($"seed {seed}, step {world.Steps}: the world itself failed: {failure}");
        }

        return new CampaignResult(1, world.Steps, world.Steps * machines, world.Deaths, TimeSpan.Zero);
    }

    private static CampaignResult Add(CampaignResult a, CampaignResult b, TimeSpan elapsed) =>
        new(a.Worlds + b.Worlds, a.Steps + b.Steps, a.VmSteps + b.VmSteps, a.Deaths + b.Deaths, elapsed);
}
