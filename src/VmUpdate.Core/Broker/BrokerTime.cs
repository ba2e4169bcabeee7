namespace VmUpdate.Core.Broker;

/// <summary>The time of a step.</summary>
/// <param name="Utc">The time of day, for schedules.</param>
/// <param name="Monotonic">Time since some moment, for time-outs; never goes back.</param>
internal readonly record struct BrokerTime(DateTime Utc, TimeSpan Monotonic)
{
    /// <summary>A later time of the two, part by part: a step never goes back.</summary>
    /// <param name="other">The other.</param>
    /// <returns>The later one.</returns>
    public BrokerTime NotBefore(BrokerTime other) =>
        new(Utc > other.Utc ? Utc : other.Utc, Monotonic > other.Monotonic ? Monotonic : other.Monotonic);
}
