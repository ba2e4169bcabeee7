using System.Diagnostics;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Trigger;

/// <summary>The host's time, as far as a guest can know it: a machine that was saved is behind until its host says what time it is.</summary>
internal sealed class HostClock
{
    private readonly object _gate = new();
    private readonly Stopwatch _since = new();
    private DateTime? _latest;

    /// <summary>Forgets what it learnt: the host has begun anew, and its clock may have been put back.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            _latest = null;
        }
    }

    /// <summary>Learns from a message, and says whether the message came after its deadline.</summary>
    /// <param name="message">A message of the host's.</param>
    /// <returns><see langword="true"/> when nobody waits for its answer any more.</returns>
    public bool IsTooLate(GuestMessage message)
    {
        lock (_gate)
        {
            DateTime? now = _latest + _since.Elapsed;
            if (message.Sent is { } sent && !(now > sent))
            {
                _latest = now = sent;
                _since.Restart();
            }

            return message.Deadline is { } deadline && deadline < (now ?? DateTime.UtcNow);
        }
    }
}
