using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

// Tasks come, are changed, held by somebody or by failures, and go.
internal sealed partial class BrokerStep
{
    private void AddTask(UpdateTask task, IReadOnlyList<UpdateRun> runs, IReadOnlyList<PastRun> past)
    {
        if (_state.Tasks.TryGetValue(task.Id, out TrackedTask? tracked))
        {
            foreach (TrackedRun run in tracked.Open)
            {
                Withdraw(run);
            }

            tracked.Change(task);
            Dictionary<Guid, UpdateRun> given = runs.ToDictionary(r => r.Id);
            foreach (TrackedRun run in tracked.Open.OrderBy(r => r.Ordinal))
            {
                // A change of the schedule gave it another time. A retry's time is the broker's own.
                if (given.TryGetValue(run.Data.Id, out UpdateRun? now) && run.State.IsWaiting() && (run.Data.Attempt, now.Attempt) == (1, 1))
                {
                    run.Data = run.Data with { Due = now.Due, NotBefore = now.NotBefore };
                }

                run.Key = RunKey.Of(task, run.Data.Due, run.Ordinal);
                Reconsider(run);
            }
        }
        else
        {
            tracked = new TrackedTask(task);
            _state.Tasks.Add(task.Id, tracked);
        }

        foreach (PastRun one in past)
        {
            tracked.Past[one.Vm] = one;
        }

        foreach (UpdateRun run in runs)
        {
            AddRun(run, tracked);
        }

        if (task.Schedule.IsRecurring && task.Targets.IsOpenEnded)
        {
            _state.OpenEndedTasks.Add(tracked);
        }
        else
        {
            _state.OpenEndedTasks.Remove(tracked);
        }
    }

    private void RemoveTask(Guid taskId)
    {
        if (!_state.Tasks.TryGetValue(taskId, out TrackedTask? task))
        {
            return;
        }

        task.IsRemoved = true;
        _state.OpenEndedTasks.Remove(task);
        foreach (TrackedRun run in InOrder(task.Open))
        {
            Cancel(run, RunReason.TaskRemoved, "its task was removed");
        }

        DropIfThrough(task);
    }

    private void HoldTask(Guid taskId, bool isHeld)
    {
        if (_state.Tasks.TryGetValue(taskId, out TrackedTask? task))
        {
            task.IsHeld = isHeld;
            if (!isHeld)
            {
                // Whoever resumes a task that failures hold has seen them: the count begins anew.
                (task.FailureHold, task.Failed, task.Ended) = (null, 0, 0);
            }

            ReconsiderAll(task.Open);
        }
    }

    private void RestoreFailures(Observation.FailuresRestored restored)
    {
        if (_state.Tasks.TryGetValue(restored.TaskId, out TrackedTask? task))
        {
            (task.Ended, task.Failed) = (restored.Ended, restored.Failed);
            task.FailureHold = restored.IsHeld ? task.Task.FailureLimit.WhyHeld(task.Failed, task.Ended) ?? "too many runs of the task failed" : null;
            ReconsiderAll(task.Open);
        }
    }

    private void CountOutcome(TrackedRun run)
    {
        TrackedTask task = run.Task;
        if (run.State is RunState.Canceled or RunState.Moved || run.Data.Started is null)
        {
            return;
        }

        task.Ended++;
        task.Failed += run.State == RunState.Succeeded ? 0 : 1;
        if (task.FailureHold is null && run.State != RunState.Succeeded && task.Task.FailureLimit.WhyHeld(task.Failed, task.Ended) is { } why)
        {
            task.FailureHold = why;
            _result.HeldTasks.Add(task.Task.Id);
            ReconsiderAll(task.Open);
        }
    }

    private void DropIfThrough(TrackedTask task)
    {
        // One that does not come again is given again when it is changed.
        if (task.Open.Count == 0 && (task.IsRemoved || !task.Task.Schedule.IsRecurring))
        {
            _state.Tasks.Remove(task.Task.Id);
        }
    }
}
