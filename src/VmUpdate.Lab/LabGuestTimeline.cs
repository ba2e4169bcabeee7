using VmUpdate.Core.Guests;

namespace VmUpdate.Lab;

/// <summary>A task in a guest, all of it, as it follows from the script: nobody need be there while it happens.</summary>
internal sealed class LabGuestTimeline
{
    private readonly List<LabGuestMoment> _moments = [];
    private readonly LabGuestScript _script;
    private readonly LabGuestEnd _end;
    private TimeSpan _time;

    private LabGuestTimeline(LabGuestScript script, int attempt)
    {
        _script = script;
        _end = attempt <= (script.EndTimes ?? int.MaxValue) ? script.End : LabGuestEnd.Succeeds;
    }

    /// <summary>Its moments, the first at zero.</summary>
    public IReadOnlyList<LabGuestMoment> Moments => _moments;

    /// <summary>Whether the guest wants a restart at the end.</summary>
    public bool NeedsRestart { get; private set; }

    /// <summary>Makes it.</summary>
    /// <param name="job">The task as the guest has it.</param>
    /// <param name="timings">What the lab says where the script does not.</param>
    /// <returns>The timeline.</returns>
    public static LabGuestTimeline Of(LabGuestJob job, LabTimings timings)
    {
        LabGuestScript script = job.Script;
        var line = new LabGuestTimeline(script, job.Attempt);
        bool goesOn = line.Pass(LabGuestPhase.Searching, script.Searching ?? timings.Searching)
            && line.Pass(LabGuestPhase.Downloading, script.Downloading ?? timings.Downloading);
        if (goesOn)
        {
            line.Apply(job, timings);
        }

        if (job.CanceledAt is { } canceled)
        {
            line.GiveUp(canceled);
        }

        return line;
    }

    /// <summary>Which moment is now.</summary>
    /// <param name="worked">How long the guest worked on it.</param>
    /// <returns>Its place in <see cref="Moments"/>.</returns>
    public int IndexAt(TimeSpan worked)
    {
        int index = _moments.Count - 1;
        while (index > 0 && _moments[index].From > worked)
        {
            index--;
        }

        return index;
    }

    private static int StatusOf(LabGuestPhase phase) => (int)(phase switch
    {
        LabGuestPhase.Searching => GuestStatus.Searching,
        LabGuestPhase.Downloading => GuestStatus.Downloading,
        _ => GuestStatus.Applying,
    });

    private void Say(int status, int? percent = null, bool isReachable = true, string message = "") =>
        _moments.Add(new LabGuestMoment(_time, status, percent, isReachable, message));

    /// <summary>Searches or downloads; says whether anything comes after.</summary>
    private bool Pass(LabGuestPhase phase, TimeSpan time)
    {
        Say(StatusOf(phase));
        _time += time;
        if (_end == LabGuestEnd.Succeeds || _script.EndsIn != phase)
        {
            return true;
        }

        Finish();
        return false;
    }

    private void Apply(LabGuestJob job, LabTimings timings)
    {
        int restarts = job.MayRestart ? _script.Restarts : 0;
        NeedsRestart = _script.NeedsRestart || restarts < _script.Restarts;
        int pieces = _script.Disconnects + restarts + 1;
        TimeSpan piece = TimeSpan.FromTicks((_script.Applying ?? timings.Applying).Ticks / pieces);
        int applying = StatusOf(LabGuestPhase.Applying);
        for (int i = 0; i < pieces; i++)
        {
            Say(applying, 100 * i / pieces);
            _time += piece;
            if (i < _script.Disconnects)
            {
                Say(applying, isReachable: false);
                _time += _script.Away ?? timings.Away;
            }
            else if (i < pieces - 1)
            {
                Say((int)GuestStatus.Rebooting);
                Say((int)GuestStatus.Rebooting, isReachable: false);
                _time += _script.Restart ?? timings.Restart;
                Say((int)GuestStatus.Rebooted);
            }
        }

        Finish();
    }

    private void Finish()
    {
        switch (_end)
        {
            case LabGuestEnd.Succeeds:
                Say((int)GuestStatus.Success, 100, message: _script.Message);
                break;
            case LabGuestEnd.Fails:
                Say((int)GuestStatus.Failed, message: _script.Message.Length > 0 ? _script.Message : "the update could not be installed");
                break;
            case LabGuestEnd.TalksNonsense:
                Say(_script.NonsenseStatus, message: _script.Message);
                break;
        }
    }

    /// <summary>What it only searches or downloads it breaks off; what it is in the midst of it ends first.</summary>
    private void GiveUp(TimeSpan at)
    {
        int index = IndexAt(at);
        bool isHanging = _end == LabGuestEnd.Hangs && index == _moments.Count - 1;
        if (_moments[index].Status > (int)GuestStatus.Downloading || isHanging)
        {
            return;
        }

        _moments.RemoveRange(index + 1, _moments.Count - index - 1);
        _time = at;
        NeedsRestart = false;
        Say((int)GuestStatus.Failed, message: "given up");
    }
}
