using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>Reads what a broker must know out of the store.</summary>
internal static class BrokerLoader
{
    /// <summary>All of it, for a broker that starts.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>The observations for the first step.</returns>
    public static List<Observation> Load(VmUpdateStore store, string hostId)
    {
        var observations = new List<Observation> { new Observation.LimitsSet(store.GetLimits(hostId)) };
        if (store.FindBrokerStatus(hostId) is { IsSuspended: true })
        {
            observations.Add(new Observation.HostHeld(true));
        }

        ILookup<Guid, UpdateRun> runs = store.GetOpenRuns(hostId).ToLookup(r => r.TaskId);
        foreach ((UpdateTask task, string held, bool isRemoved, int ended, int failed) in store.GetBrokerTasks(hostId))
        {
            observations.Add(new Observation.TaskAdded(task, runs[task.Id].ToList()) { Past = task.Schedule.IsRecurring ? store.GetPastRuns(hostId, task.Id) : [] });
            observations.Add(new Observation.FailuresRestored(task.Id, ended, failed, held == "Failures"));
            if (held == "Suspended")
            {
                observations.Add(new Observation.TaskHeld(task.Id, true));
            }

            if (isRemoved)
            {
                observations.Add(new Observation.TaskRemoved(task.Id));
            }
        }

        observations.AddRange(store.GetHeldMachines(hostId).Select(vm => new Observation.VmHeld(vm, true)));
        observations.AddRange(store.GetAwakeMachines(hostId).Select(awake =>
            new Observation.AwakeRestored(awake, awake.RunId is { } run ? store.FindRun(run) : null)));
        return observations;
    }

    /// <summary>What an order means.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="order">The order.</param>
    /// <returns>The observation; <see langword="null"/> when it means nothing any more.</returns>
    public static Observation? Read(VmUpdateStore store, string hostId, BrokerOrder order)
    {
        Guid id = Guid.TryParse(order.Subject, out Guid parsed) ? parsed : Guid.Empty;
        return order.Kind switch
        {
            BrokerOrderKind.TaskAdded => store.FindBrokerTask(id) is { } found ? new Observation.TaskAdded(found.Task, found.Runs) : null,
            BrokerOrderKind.TaskRemoved => new Observation.TaskRemoved(id),
            BrokerOrderKind.TaskHeld => new Observation.TaskHeld(id, true),
            BrokerOrderKind.TaskResumed => new Observation.TaskHeld(id, false),
            BrokerOrderKind.VmHeld => new Observation.VmHeld(new VmKey(hostId, id), true),
            BrokerOrderKind.VmResumed => new Observation.VmHeld(new VmKey(hostId, id), false),
            BrokerOrderKind.HostHeld => new Observation.HostHeld(true),
            BrokerOrderKind.HostResumed => new Observation.HostHeld(false),
            BrokerOrderKind.RunCanceled => new Observation.CancelAsked(id),
            BrokerOrderKind.LimitsSet => new Observation.LimitsSet(store.GetLimits(hostId)),
            _ => null,
        };
    }
}
