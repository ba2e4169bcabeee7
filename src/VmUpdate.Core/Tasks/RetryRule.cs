namespace VmUpdate.Core.Tasks;

/// <summary>Whether and when a run that failed is tried again.</summary>
/// <param name="MaxRetries">How many times after the first; 0 to 20.</param>
/// <param name="FirstDelay">How long to wait before the first retry.</param>
/// <param name="MaxDelay">The longest wait; each is twice the one before.</param>
public sealed record RetryRule(int MaxRetries, TimeSpan FirstDelay, TimeSpan MaxDelay)
{
    /// <summary>The most retries that may be asked for: with doubled waits more would never come.</summary>
    public const int MostRetries = 20;

    /// <summary>No retry.</summary>
    public static RetryRule None { get; } = Of(0);

    /// <summary>Retries with the usual waits: 5 minutes, doubled up to 4 hours.</summary>
    /// <param name="maxRetries">How many.</param>
    /// <returns>The rule.</returns>
    public static RetryRule Of(int maxRetries) => new(maxRetries, TimeSpan.FromMinutes(5), TimeSpan.FromHours(4));

    /// <summary>The wait before a retry.</summary>
    /// <param name="failedAttempt">The number of the attempt that failed, from 1.</param>
    /// <returns>The wait; <see langword="null"/> when there is no retry after it.</returns>
    public TimeSpan? DelayAfter(int failedAttempt)
    {
        if (failedAttempt > MaxRetries)
        {
            return null;
        }

        double factor = Math.Pow(2, Math.Min(failedAttempt - 1, MostRetries));
        double ticks = Math.Min(FirstDelay.Ticks * factor, MaxDelay.Ticks);
        return TimeSpan.FromTicks((long)ticks);
    }
}
