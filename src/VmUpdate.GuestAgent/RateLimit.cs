using System.Diagnostics;

namespace VmUpdate.GuestAgent;

/// <summary>Lets so many through in a time, and as many at once. For several threads.</summary>
/// <param name="count">How many.</param>
/// <param name="per">In which time.</param>
internal sealed class RateLimit(int count, TimeSpan per)
{
    private readonly object _gate = new();
    private readonly Stopwatch _since = Stopwatch.StartNew();
    private double _left = count;

    /// <summary>Takes one.</summary>
    /// <returns>Whether it may go through.</returns>
    public bool TryTake()
    {
        lock (_gate)
        {
            _left = Math.Min(count, _left + (_since.Elapsed.TotalSeconds * count / per.TotalSeconds));
            _since.Restart();
            if (_left < 1)
            {
                return false;
            }

            _left--;
            return true;
        }
    }
}
