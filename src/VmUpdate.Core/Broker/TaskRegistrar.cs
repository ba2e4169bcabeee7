using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>
/// Registers tasks, many in one commit. A task is registered when it was returned, not before: then it is on the disk, and the broker
/// has been told.
/// </summary>
public sealed class TaskRegistrar
{
    /// <summary>How many tasks share a commit.</summary>
    public const int TasksPerCommit = 100;

    private readonly VmUpdateStore _store;
    private readonly string _hostId;
    private readonly Action _wake;
    private readonly HostLimits _limits;
    private readonly List<(UpdateTask Task, TaskPayload Payload, IReadOnlyList<UpdateRun> Runs, bool Replaces)> _waiting = [];
    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="wake">Wakes the broker, after each commit.</param>
    public TaskRegistrar(VmUpdateStore store, string hostId, Action wake)
    {
        _store = store;
        _hostId = hostId;
        _wake = wake;
        _limits = store.GetLimits(hostId);
    }

    /// <summary>How many tasks wait for their commit.</summary>
    public int WaitingCount => _waiting.Count;

    /// <summary>Takes a task in. It may not be on the disk yet when this returns.</summary>
    /// <param name="task">The task, already checked.</param>
    /// <param name="payload">What is handed to the agent.</param>
    /// <param name="machines">The machines it is for.</param>
    /// <param name="replace">Whether a task of the name that is there goes, in the same commit.</param>
    /// <returns>The tasks that are registered now; none when the commit is still to come.</returns>
    /// <exception cref="TaskException"><see cref="TaskDefect.NameTaken"/>: another task has the name. The others are not touched by it.</exception>
    public IReadOnlyList<UpdateTask> Add(UpdateTask task, TaskPayload payload, IReadOnlyList<TargetMachine> machines, bool replace = false)
    {
        bool isWaiting = _names.Contains(task.Name);

        // Found before the commit, so that one bad task does not take its neighbours with it.
        if (!replace && (isWaiting || _store.HasTask(_hostId, task.Name)))
        {
            throw TaskTables.NameTaken(task.Name);
        }

        IReadOnlyList<UpdateTask> before = isWaiting ? Complete() : [];
        _names.Add(task.Name);
        _waiting.Add((task, payload, RunPlanner.First(task, machines, StartJitter.SeedOf(_hostId), _limits.StartJitter), replace));
        return task.IsUrgent || _waiting.Count >= TasksPerCommit ? [.. before, .. Complete()] : before;
    }

    /// <summary>Commits what was taken in.</summary>
    /// <returns>The tasks that are registered now.</returns>
    public IReadOnlyList<UpdateTask> Complete()
    {
        if (_waiting.Count == 0)
        {
            return [];
        }

        List<UpdateTask> registered = _waiting.ConvertAll(w => w.Task);
        try
        {
            _store.Write(transaction =>
            {
                foreach ((UpdateTask task, TaskPayload payload, IReadOnlyList<UpdateRun> runs, bool replaces) in _waiting)
                {
                    transaction.AddTask(_hostId, task, payload, runs, replaces);
                }
            });
        }
        finally
        {
            // When the commit failed, none of them is registered, and none is tried again.
            _waiting.Clear();
            _names.Clear();
        }

        _wake();
        return registered;
    }
}
