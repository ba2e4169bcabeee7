namespace VmUpdate.Core.Tasks;

/// <summary>When a task that fails on its first machines is kept from the others.</summary>
/// <param name="Count">So many failed runs hold the rest; <see langword="null"/> for no such limit.</param>
/// <param name="Percent">So many of a hundred ended runs, once <see cref="EndedBeforePercentCounts"/> have ended; <see langword="null"/> for none.</param>
public sealed record FailureLimit(int? Count, int? Percent)
{
    /// <summary>How many runs must have ended before a percentage says anything.</summary>
    public const int EndedBeforePercentCounts = 5;

    /// <summary>Failures never hold a task.</summary>
    public static FailureLimit None { get; } = new(null, null);

    /// <summary>Whether the rest is to be held.</summary>
    /// <param name="failed">How many runs failed.</param>
    /// <param name="ended">How many ended, failed ones included.</param>
    /// <returns>Why, with the numbers; <see langword="null"/> when the task goes on.</returns>
    public string? WhyHeld(int failed, int ended)
    {
        if (Count is { } count && failed >= count)
        {
            return $"{failed} runs of the task failed, the limit is {count}";
        }

        return Percent is { } percent && ended >= EndedBeforePercentCounts && failed * 100L >= percent * (long)ended
            ? $"{failed} of {ended} ended runs of the task failed, the limit is {percent} %"
            : null;
    }
}
