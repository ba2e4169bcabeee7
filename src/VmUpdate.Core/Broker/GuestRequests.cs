using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Broker;

/// <summary>
/// Makes tasks of the requests of guests, each for the machine that its channel is of. Those that come together share a commit; each is
/// answered after it. The same request of a machine is accepted once, whatever crashed in between.
/// </summary>
public sealed class GuestRequests : IGuestRequests
{
    private const int MostInACommit = 1000;
    private const int Idle = 0;
    private const int Waking = 1;
    private const int WakingAndAgain = 2;
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly VmUpdateStore _store;
    private readonly string _hostId;
    private readonly IClock _clock;
    private readonly Action _wake;
    private readonly Dictionary<VmKey, GuestQuota> _quotas = [];
    private List<(GuestRequest Request, TaskCompletionSource<GuestAnswer> Answer)> _waiting = [];
    private (TimeSpan At, GuestPolicyReading Reading, TimeSpan Jitter)? _rules;
    private bool _isWorking;
    private int _wakes = Idle;

    /// <summary>Makes it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host whose guests ask.</param>
    /// <param name="clock">Time.</param>
    /// <param name="wake">Wakes the broker, after tasks were registered; from any thread.</param>
    public GuestRequests(VmUpdateStore store, string hostId, IClock clock, Action wake)
    {
        _store = store;
        _hostId = hostId;
        _clock = clock;
        _wake = wake;
    }

    /// <inheritdoc/>
    public int MaxPayloadLength => Rules().Reading.Policy?.MaxPayloadBytes ?? 0;

    /// <inheritdoc/>
    public Task<GuestAnswer> AskAsync(GuestRequest request, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<GuestAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool begins;
        lock (_gate)
        {
            _waiting.Add((request, answer));
            begins = !_isWorking;
            _isWorking = true;
        }

        if (begins)
        {
            _ = Task.Run(Work, CancellationToken.None);
        }

        return answer.Task;
    }

    /// <summary>Takes what has gathered, until nothing has.</summary>
    private void Work()
    {
        while (true)
        {
            List<(GuestRequest Request, TaskCompletionSource<GuestAnswer> Answer)> taken;
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _isWorking = false;
                    return;
                }

                taken = _waiting.Count <= MostInACommit ? _waiting : _waiting.GetRange(0, MostInACommit);
                _waiting = _waiting.Count <= MostInACommit ? [] : _waiting.GetRange(MostInACommit, _waiting.Count - MostInACommit);
            }

            try
            {
                Answer(taken);
            }
#pragma warning disable CA1031 // whoever asked fails with it, a bug too
            catch (Exception failure)
            {
                foreach ((_, TaskCompletionSource<GuestAnswer> answer) in taken)
                {
                    answer.TrySetException(failure);
                }
            }
#pragma warning restore CA1031
        }
    }

    private void Answer(List<(GuestRequest Request, TaskCompletionSource<GuestAnswer> Answer)> taken)
    {
        var accepted = new List<(GuestTaskDraft Draft, TaskCompletionSource<GuestAnswer> Answer)>();
        var others = new List<(GuestRequest Request, TaskCompletionSource<GuestAnswer> Answer)>();
        var ids = new HashSet<(VmKey, Guid)>();
        foreach ((GuestRequest request, TaskCompletionSource<GuestAnswer> answer) in taken)
        {
            if (!ids.Add((request.Vm, request.Message.Id)))
            {
                // Asked twice at once: the second finds what the first has become.
                others.Add((request, answer));
                continue;
            }

            (GuestAnswer? no, GuestTaskDraft? draft) = Decide(request);
            if (draft is not null)
            {
                accepted.Add((draft, answer));
            }
            else
            {
                answer.TrySetResult(no!);
            }
        }

        Commit(accepted);
        if (others.Count > 0)
        {
            Answer(others);
        }
    }

    private void Commit(List<(GuestTaskDraft Draft, TaskCompletionSource<GuestAnswer> Answer)> accepted)
    {
        if (accepted.Count == 0)
        {
            return;
        }

        try
        {
            _store.Write(transaction => accepted.ForEach(one => one.Draft.Write(transaction)));
        }
        catch (TaskException) when (accepted.Count > 1)
        {
            // One of them has a name that is taken; the others need not suffer for it.
            accepted.ForEach(one => Commit([one]));
            return;
        }
        catch (TaskException refused)
        {
            // Or another process has just accepted the same request.
            (GuestTaskDraft draft, TaskCompletionSource<GuestAnswer> answer) = accepted[0];
            Settle(accepted, isWritten: false);
            answer.TrySetResult(_store.FindTask(draft.Task.Id) is { } present
                ? GuestTaskDraft.AnswerOf(present)
                : new GuestAnswer(false, ReplyCodes.Failed, refused.Message));
            return;
        }
        catch
        {
            Settle(accepted, isWritten: false);
            throw;
        }

        Settle(accepted, isWritten: true);
        accepted.ForEach(one => one.Answer.TrySetResult(GuestTaskDraft.AnswerOf(one.Draft.Task)));
        Wake();
    }

    private void Settle(List<(GuestTaskDraft Draft, TaskCompletionSource<GuestAnswer> Answer)> drafts, bool isWritten) =>
        drafts.ForEach(one => QuotaOf(one.Draft.Vm).Settle(isWritten ? one.Draft.Task.Registered : null));

    private (GuestAnswer? No, GuestTaskDraft? Draft) Decide(GuestRequest request)
    {
        if (_store.FindTask(GuestTaskDraft.IdOf(request.Vm, request.Message.Id)) is { } before)
        {
            return GuestTaskDraft.IsOf(before, request.Message)
                ? (GuestTaskDraft.AnswerOf(before), null)
                : (new GuestAnswer(false, ReplyCodes.Failed, "another request of this machine had the same id. Ask with a new one."), null);
        }

        (_, GuestPolicyReading reading, TimeSpan jitter) = Rules();
        if (reading.Policy is not { } policy)
        {
            return (new GuestAnswer(false, ReplyCodes.NotAllowed, "this host's policy for requests cannot be read; its administrator sees why. Ask again later."), null);
        }

        GuestQuota quota = QuotaOf(request.Vm);
        TargetMachine machine = Describe(request, quota);
        if ((policy.Refuse(machine, request.Message) ?? quota.Refuse(policy)) is { } no)
        {
            return (no, null);
        }

        if (request.Payload is not { } payload)
        {
            return (new GuestAnswer(false, ReplyCodes.PayloadMismatch, "the payload that came is not the one that was announced. Send it again."), null);
        }

        (GuestAnswer? No, GuestTaskDraft? Draft) made = GuestTaskDraft.Make(request, machine, payload, _clock.UtcNow, jitter);
        if (made.Draft is not null)
        {
            quota.Reserve();
        }

        return made;
    }

    private TargetMachine Describe(GuestRequest request, GuestQuota quota)
    {
        if (quota.Declared is not { } declared || _clock.Monotonic - declared.At > ReadAgainAfter)
        {
            quota.Declared = declared = (_clock.Monotonic, _store.FindMachine(request.Vm));
        }

        // It runs: its memory need not be found room for.
        return new TargetMachine(request.Vm, request.VmName, HostWatch.KindOf(declared.Record), declared.Record?.Pool, 0);
    }

    private GuestQuota QuotaOf(VmKey vm)
    {
        if (!_quotas.TryGetValue(vm, out GuestQuota? quota))
        {
            quota = new GuestQuota(_store, vm, _clock);
            _quotas.Add(vm, quota);
        }

        return quota;
    }

    private (TimeSpan At, GuestPolicyReading Reading, TimeSpan Jitter) Rules()
    {
        lock (_gate)
        {
            TimeSpan now = _clock.Monotonic;
            if (_rules is not { } rules || now - rules.At > ReadAgainAfter)
            {
                _rules = rules = (now, GuestPolicyFile.Read(_store), _store.GetLimits(_hostId).StartJitter);
            }

            return rules;
        }
    }

    /// <summary>Wakes the broker beside the work, one call at a time: the guests' answers are not to wait for a signal that nobody hears.</summary>
    private void Wake()
    {
        if (Interlocked.Exchange(ref _wakes, WakingAndAgain) != Idle)
        {
            return;
        }

        _ = Task.Run(
            () =>
            {
                do
                {
                    Volatile.Write(ref _wakes, Waking);
                    _wake();
                }
                while (Interlocked.CompareExchange(ref _wakes, Idle, Waking) != Waking);
            },
            CancellationToken.None);
    }
}
