namespace VmUpdate.Core.Broker;

/// <summary>A delay that looks like chance and follows from a seed.</summary>
internal static class StartJitter
{
    /// <summary>The seed of a host: differs between hosts, and is the same for all processes on one.</summary>
    /// <param name="hostId">The host.</param>
    /// <returns>The seed.</returns>
    public static int SeedOf(string hostId)
    {
        // FNV-1a: string.GetHashCode differs between processes.
        uint hash = 2166136261;
        foreach (char c in hostId)
        {
            hash = unchecked((hash ^ c) * 16777619);
        }

        return unchecked((int)hash);
    }

    /// <summary>The delay of a run.</summary>
    /// <param name="seed">The host's seed.</param>
    /// <param name="run">The run.</param>
    /// <param name="longest">The longest delay.</param>
    /// <returns>From nothing to the longest, in whole seconds.</returns>
    public static TimeSpan Of(int seed, Guid run, TimeSpan longest)
    {
        long seconds = (long)longest.TotalSeconds;
        return seconds <= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(unchecked((uint)(run.GetHashCode() * 31 + seed)) % (ulong)(seconds + 1));
    }
}
