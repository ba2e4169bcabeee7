using VmUpdate.Core.Machines;

namespace VmUpdate.Simulation.World;

/// <summary>All cases of one to three machines and one to three tasks, without faults of the host: what differs in order only is one case.</summary>
public static class SmallCases
{
    private static readonly VmPowerState[] Powers = [VmPowerState.Saved, VmPowerState.Off, VmPowerState.Paused, VmPowerState.Running];
    private static readonly GuestTemper[] Tempers = [.. Enum.GetValues<GuestTemper>()];

    /// <summary>Plays them all.</summary>
    /// <returns>How many they are.</returns>
    /// <exception cref="SimulationFailedException">Something did not hold.</exception>
    public static int PlayAll()
    {
        int cases = 0;
        foreach (IReadOnlyList<VmPowerState> machines in Multisets(Powers, 3))
        {
            foreach (IReadOnlyList<GuestTemper> tempers in Multisets(Tempers, 3))
            {
                foreach (bool hasSessions in new[] { false, true })
                {
                    Play(cases++, machines, tempers, hasSessions);
                }
            }
        }

        return cases;
    }

    private static void Play(int seed, IReadOnlyList<VmPowerState> machines, IReadOnlyList<GuestTemper> tempers, bool hasSessions)
    {
        var world = new SimulatedWorld(seed, new WorldOptions { Machines = machines, Tasks = tempers.Count, Tempers = tempers, HasSessions = hasSessions });
        world.Settle();
        for (int i = 0; i < machines.Count; i++)
        {
            bool mayBeLeftAwake = tempers.Any(t => t is GuestTemper.Hangs or GuestTemper.TalksNonsense or GuestTemper.Forgets);
            if (world.Vms[i].Power != machines[i] && !mayBeLeftAwake)
            {
                throw new SimulationFailedException($"small case {seed}: machine {i + 1} was found {machines[i]} and is {world.Vms[i].Power}");
            }
        }
    }

    private static IEnumerable<IReadOnlyList<T>> Multisets<T>(T[] items, int most)
    {
        List<List<int>> sets = [[]];
        for (int size = 1; size <= most; size++)
        {
            sets = [.. sets.SelectMany(s => Enumerable.Range(s.Count == 0 ? 0 : s[^1], items.Length - (s.Count == 0 ? 0 : s[^1])), (s, next) => new List<int>(s) { next })];
            foreach (List<int> set in sets)
            {
                yield return [.. set.Select(i => items[i])];
            }
        }
    }
}
