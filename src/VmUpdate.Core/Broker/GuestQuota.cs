using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Broker;

/// <summary>
/// How many requests a machine made, as the store has it. It is counted on from there: the store is asked anew only when a limit seems
/// reached, since runs end without telling.
/// </summary>
internal sealed class GuestQuota
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan CountAgainAfter = TimeSpan.FromSeconds(1);

    private readonly VmUpdateStore _store;
    private readonly VmKey _vm;
    private readonly IClock _clock;
    private readonly Queue<DateTime> _accepted;
    private TimeSpan _counted;
    private int _open;
    private int _reserved;

    /// <summary>Reads what was before.</summary>
    public GuestQuota(VmUpdateStore store, VmKey vm, IClock clock)
    {
        _store = store;
        _vm = vm;
        _clock = clock;
        _accepted = new Queue<DateTime>(store.GetGuestRequestTimes(vm, clock.UtcNow - Hour));
        Count();
    }

    /// <summary>What the machine was declared to be, when it was looked up.</summary>
    public (TimeSpan At, MachineRecord? Record)? Declared { get; set; }

    /// <summary>Looks for a limit that is reached.</summary>
    public GuestAnswer? Refuse(GuestPolicy policy)
    {
        DateTime from = _clock.UtcNow - Hour;
        while (_accepted.Count > 0 && _accepted.Peek() <= from)
        {
            _accepted.Dequeue();
        }

        if (_accepted.Count + _reserved >= policy.MaxRequestsPerHour)
        {
            return TooMany($"this machine has asked {_accepted.Count + _reserved} times in an hour, and {policy.MaxRequestsPerHour} are taken. Ask again later.");
        }

        if (_open + _reserved >= policy.MaxOpenRequests && _clock.Monotonic - _counted >= CountAgainAfter)
        {
            Count();
        }

        return _open + _reserved >= policy.MaxOpenRequests
            ? TooMany($"{_open + _reserved} requests of this machine are open, and {policy.MaxOpenRequests} may be. Ask again when one has ended.")
            : null;
    }

    /// <summary>Counts a request that is about to be written down.</summary>
    public void Reserve() => _reserved++;

    /// <summary>Says what became of it.</summary>
    /// <param name="accepted">When it was accepted, in UTC; <see langword="null"/> when it could not be written down.</param>
    public void Settle(DateTime? accepted)
    {
        _reserved--;
        if (accepted is { } time)
        {
            _accepted.Enqueue(time);
            _open++;
        }
    }

    private static GuestAnswer TooMany(string message) => new(false, ReplyCodes.TooMany, message);

    private void Count()
    {
        _open = _store.CountOpenGuestRequests(_vm);
        _counted = _clock.Monotonic;
    }
}
