using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Lab;

// Tasks in guests.
public sealed partial class LabHypervisor
{
    // What a guest remembers of tasks that it had: more would only make its record long.
    private const int MostJobs = 64;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    private readonly LabGuestVoices _voices;

    /// <inheritdoc/>
    public async Task WaitUntilReadyAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation)
    {
        LabCall call = Begin("WaitUntilReady", vm, cancellation);
        TimeSpan end = _options.Clock.Monotonic + timeout;
        LabMachineState machine = Read(vm);
        while (!Answers(machine))
        {
            TimeSpan left = end - _options.Clock.Monotonic;
            if (left <= TimeSpan.Zero)
            {
                throw NotReached(machine.Name, $"its guest did not answer within {timeout.TotalSeconds:0} seconds.");
            }

            await _options.Clock.Delay(left < LookEvery ? left : LookEvery, cancellation).ConfigureAwait(false);
            machine = Read(vm);
        }

        _options.AfterCall?.Invoke(call);
    }

    /// <inheritdoc/>
    public async Task HandOverAsync(VmKey vm, GuestTask task, CancellationToken cancellation)
    {
        LabCall call = Begin("HandOver", vm, cancellation);
        LabMachineState asked = Read(vm);
        RequireAnswer(asked);
        LabGuestScript script = GetGuestScript(vm);
        if (script.HasNoAgent)
        {
            throw new GuestException(GuestFailure.NoUpdateAgent, asked.Name, $"there is no update agent for '{task.Task.Instructor}' in its guest.");
        }

        if (script.RefusesTasks)
        {
            throw new GuestException(GuestFailure.GuestRefused, asked.Name, "its guest refused the task.");
        }

        var job = new LabGuestJob
        {
            RunId = task.RunId, Attempt = task.Attempt, TaskName = task.Task.Name, Instructor = task.Task.Instructor, Kind = task.Payload.Info.Kind,
            FileName = task.Payload.Info.FileName, MayRestart = task.MayRestart, Script = script, SinceUtc = _options.Clock.UtcNow,
        };
        if (!asked.Jobs.Any(known => known.Is(task.RunId, task.Attempt)))
        {
            // Before the record that speaks of it.
            WritePayload(job.PayloadName(vm.VmId), task.Payload.Bytes);
        }

        await ChangeAsync(
            vm,
            machine =>
            {
                RequireAnswer(machine);
                return machine.Jobs.Any(known => known.Is(task.RunId, task.Attempt))
                    ? machine
                    : machine with { Jobs = Shortened(vm, [.. machine.Jobs, job with { SinceUtc = _options.Clock.UtcNow }]) };
            },
            cancellation).ConfigureAwait(false);
        _voices.Add(vm, task.RunId, task.Attempt);
        _options.AfterCall?.Invoke(call);
    }

    /// <inheritdoc/>
    public Task<GuestTaskReport?> GetProgressAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation)
    {
        LabCall call = Begin("GetProgress", vm, cancellation);
        GuestTaskReport? report = _voices.Ask(vm, () =>
        {
            LabMachineState machine = Read(vm);
            RequireAnswer(machine);
            return machine.Jobs.FirstOrDefault(job => job.Is(runId, attempt)) is { } job ? Report(machine, job) : null;
        });
        return Ended(call, report);
    }

    /// <inheritdoc/>
    public async Task CancelAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation)
    {
        LabCall call = Begin("CancelTask", vm, cancellation);
        await ChangeAsync(
            vm,
            machine =>
            {
                RequireAnswer(machine);
                DateTime now = _options.Clock.UtcNow;
                return machine with
                {
                    Jobs = machine.Jobs
                        .Select(job => job.Is(runId, attempt) && job.CanceledAt is null ? job with { CanceledAt = Worked(machine, job, now) } : job)
                        .ToList(),
                };
            },
            cancellation).ConfigureAwait(false);
        _options.AfterCall?.Invoke(call);
    }

    /// <inheritdoc/>
    public async Task RestartAsync(VmKey vm, CancellationToken cancellation)
    {
        LabCall call = Begin("RestartGuest", vm, cancellation);
        TimeSpan time = GetGuestScript(vm).Restart ?? Timings.Restart;
        await ChangeAsync(
            vm,
            machine =>
            {
                RequireAnswer(machine);
                DateTime now = _options.Clock.UtcNow;
                LabMachineState paused = Paused(machine, now);
                return paused with
                {
                    GuestSinceUtc = now + time,
                    Sessions = machine.Sessions.Where(session => !IsThere(machine, session, now)).ToList(),
                    Jobs = paused.Jobs.Select(job => IsEnded(paused, job, now) ? job with { IsRestarted = true } : job).ToList(),
                };
            },
            cancellation).ConfigureAwait(false);
        _options.AfterCall?.Invoke(call);
    }

    /// <inheritdoc/>
    public IDisposable Listen(Action<GuestTaskReport> onReport, Action<VmKey> onSilent)
    {
        foreach (LabMachineState machine in ReadMachines())
        {
            foreach (LabGuestJob job in machine.Jobs.Where(job => !IsEnded(machine, job, _options.Clock.UtcNow)))
            {
                _voices.Add(new VmKey(HostId, machine.Id), job.RunId, job.Attempt, isNew: false);
            }
        }

        return _voices.Listen(onReport, onSilent);
    }

    private void HearGuest(LabGuestVoices voices, VmKey vm)
    {
        LabMachineState machine = Read(vm);
        DateTime now = _options.Clock.UtcNow;
        bool isThere = StateOf(machine) == VmPowerState.Running && now >= machine.GuestSinceUtc && !machine.Behavior.GuestSilent;
        foreach (LabGuestJob job in machine.Jobs)
        {
            LabGuestTimeline line = LabGuestTimeline.Of(job, Timings);
            voices.Tell(vm, job, line, isThere ? line.IndexAt(Worked(machine, job, now)) : null, index => Report(machine, job, line, index));
        }
    }

    private static GuestException NotReached(string name, string message) => new(GuestFailure.GuestNotReached, name, message);

    /// <summary>A guest's tasks with the time that they were worked on written down: from here on other times count.</summary>
    private static LabMachineState Paused(LabMachineState machine, DateTime now) => machine with
    {
        Jobs = machine.Jobs.Select(job => job with { Worked = Worked(machine, job, now), SinceUtc = now }).ToList(),
    };

    private static TimeSpan Worked(LabMachineState machine, LabGuestJob job, DateTime now)
    {
        DateTime since = job.SinceUtc > machine.GuestSinceUtc ? job.SinceUtc : machine.GuestSinceUtc;
        return machine.State == VmPowerState.Running && now > since ? job.Worked + (now - since) : job.Worked;
    }

    private bool IsEnded(LabMachineState machine, LabGuestJob job, DateTime now)
    {
        LabGuestTimeline line = LabGuestTimeline.Of(job, Timings);
        LabGuestMoment moment = line.Moments[line.IndexAt(Worked(machine, job, now))];
        return moment.Status is (int)GuestStatus.Success or (int)GuestStatus.Failed;
    }

    private bool Answers(LabMachineState machine)
    {
        DateTime now = _options.Clock.UtcNow;
        return StateOf(machine) == VmPowerState.Running && now >= machine.GuestSinceUtc && !machine.Behavior.GuestSilent
            && machine.Jobs.All(job =>
            {
                LabGuestTimeline line = LabGuestTimeline.Of(job, Timings);
                return line.Moments[line.IndexAt(Worked(machine, job, now))].IsReachable;
            });
    }

    private void RequireAnswer(LabMachineState machine)
    {
        if (!Answers(machine))
        {
            throw NotReached(machine.Name, "its guest does not answer.");
        }
    }

    private GuestTaskReport Report(LabMachineState machine, LabGuestJob job)
    {
        LabGuestTimeline line = LabGuestTimeline.Of(job, Timings);
        return Report(machine, job, line, line.IndexAt(Worked(machine, job, _options.Clock.UtcNow)));
    }

    private GuestTaskReport Report(LabMachineState machine, LabGuestJob job, LabGuestTimeline line, int index)
    {
        LabGuestMoment moment = line.Moments[index];
        return new GuestTaskReport(
            new VmKey(HostId, machine.Id), job.RunId, job.Attempt, moment.Status, moment.Percent, line.NeedsRestart && !job.IsRestarted, moment.Message);
    }

    private void WritePayload(string name, ReadOnlyMemory<byte> bytes)
    {
        IHostFolder folder = PayloadFolder;
        string temporary = name + ".tmp";
        folder.Delete(temporary);
        using (IBlockFile file = folder.Create(temporary))
        {
            file.WriteAt(0, bytes.Span);
        }

        folder.Rename(temporary, name);
    }

    private List<LabGuestJob> Shortened(VmKey vm, List<LabGuestJob> jobs)
    {
        for (; jobs.Count > MostJobs; jobs.RemoveAt(0))
        {
            PayloadFolder.Delete(jobs[0].PayloadName(vm.VmId));
        }

        return jobs;
    }
}
