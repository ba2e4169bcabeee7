using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;

namespace VmUpdate.Lab;

/// <summary>
/// Tells a listener what guests say of their tasks, each word once and in its order. It looks at those machines only that have a task
/// under way.
/// </summary>
internal sealed class LabGuestVoices
{
    private readonly object _gate = new();
    private readonly Dictionary<(VmKey Vm, Guid Run, int Attempt), Place> _places = [];
    private readonly Action<LabGuestVoices, VmKey> _hear;
    private readonly IClock _clock;
    private readonly TimeSpan _lookEvery;
    private Action<GuestTaskReport>? _onReport;
    private Action<VmKey>? _onSilent;

    /// <summary>Makes it.</summary>
    /// <param name="hear">Reads a machine and calls <see cref="Tell"/> for each task of it.</param>
    /// <param name="clock">Time.</param>
    /// <param name="lookEvery">How often machines are looked at.</param>
    public LabGuestVoices(Action<LabGuestVoices, VmKey> hear, IClock clock, TimeSpan lookEvery)
    {
        _hear = hear;
        _clock = clock;
        _lookEvery = lookEvery;
    }

    /// <summary>Listens to a task from its beginning, or from where it is.</summary>
    public void Add(VmKey vm, Guid run, int attempt, bool isNew = true)
    {
        lock (_gate)
        {
            if (!_places.ContainsKey((vm, run, attempt)))
            {
                _places.Add((vm, run, attempt), new Place { Index = isNew ? 0 : -1 });
            }
        }
    }

    /// <summary>Asks a guest; what it said before is told first, so that nothing is told after what came later.</summary>
    public T Ask<T>(VmKey vm, Func<T> ask)
    {
        lock (_gate)
        {
            Hear(vm);
            return ask();
        }
    }

    /// <summary>Begins to tell.</summary>
    public IDisposable Listen(Action<GuestTaskReport> onReport, Action<VmKey> onSilent)
    {
        var end = new CancellationTokenSource();
        lock (_gate)
        {
            (_onReport, _onSilent) = (onReport, onSilent);
        }

        _ = Task.Run(() => LookAsync(end.Token));
        return new Ear(() =>
        {
            lock (_gate)
            {
                (_onReport, _onSilent) = (null, null);
            }

            end.Cancel();
            end.Dispose();
        });
    }

    /// <summary>Tells what is new of a task. Called with the gate held.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="job">The task.</param>
    /// <param name="line">Its timeline.</param>
    /// <param name="index">The moment that is now; <see langword="null"/> when the guest does not answer at all.</param>
    /// <param name="report">Makes the report of a moment.</param>
    public void Tell(VmKey vm, LabGuestJob job, LabGuestTimeline line, int? index, Func<int, GuestTaskReport> report)
    {
        if (_onReport is null || !_places.TryGetValue((vm, job.RunId, job.Attempt), out Place? place))
        {
            return;
        }

        if (index is not { } now)
        {
            FallSilent(vm, place);
            return;
        }

        // A guest that is heard anew says again where it was.
        int first = place.Index < 0 ? now : place.IsHeard ? place.Index + 1 : place.Index;
        for (int i = first; i <= now; i++)
        {
            place.Index = i;
            if (line.Moments[i].IsReachable)
            {
                place.IsHeard = true;
                _onReport(report(i));
            }
            else
            {
                FallSilent(vm, place);
            }
        }

        if (line.Moments[now].Status is (int)GuestStatus.Success or (int)GuestStatus.Failed)
        {
            _places.Remove((vm, job.RunId, job.Attempt));
        }
    }

    private void FallSilent(VmKey vm, Place place)
    {
        if (place.IsHeard)
        {
            place.IsHeard = false;
            _onSilent?.Invoke(vm);
        }
    }

    private async Task LookAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            lock (_gate)
            {
                foreach (VmKey vm in _places.Keys.Select(key => key.Vm).Distinct().ToList())
                {
                    Hear(vm);
                }
            }

            try
            {
                await _clock.Delay(_lookEvery, end).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Hear(VmKey vm)
    {
        try
        {
            _hear(this, vm);
        }
        catch (VmUpdateException failure) when (failure is HypervisorException or HostFileException)
        {
            // The machine is gone, or its record is being replaced at this moment: looked at again.
        }
    }

    /// <summary>How far a task was told.</summary>
    private sealed class Place
    {
        public int Index { get; set; }

        public bool IsHeard { get; set; }
    }

    private sealed class Ear(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}
