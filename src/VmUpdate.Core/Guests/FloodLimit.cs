using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Guests;

/// <summary>How much may come in a time: what is unused is saved up for a few seconds, what is too much is to be waited for. Not for several threads.</summary>
internal sealed class FloodLimit
{
    private const double SecondsSaved = 4;

    // Whoever is waited for longer would look silent.
    private const double LongestWaitSeconds = 10;

    private readonly double _perSecond;
    private readonly IClock _clock;
    private double _left;
    private TimeSpan _last;

    /// <summary>Makes it.</summary>
    /// <param name="perSecond">How much may come in a second, on average.</param>
    /// <param name="clock">Time.</param>
    public FloodLimit(double perSecond, IClock clock)
    {
        _perSecond = perSecond;
        _clock = clock;
        _left = perSecond * SecondsSaved;
        _last = clock.Monotonic;
    }

    /// <summary>Counts what came.</summary>
    /// <param name="amount">How much.</param>
    /// <returns>How long to wait before more is taken; zero for not at all.</returns>
    public TimeSpan Take(double amount)
    {
        TimeSpan now = _clock.Monotonic;
        _left = Math.Min(_perSecond * SecondsSaved, _left + ((now - _last).TotalSeconds * _perSecond));
        _last = now;
        _left = Math.Max(-_perSecond * LongestWaitSeconds, _left - amount);
        return _left >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_left / _perSecond);
    }
}
