using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>A task in the broker's state.</summary>
internal sealed class TrackedTask
{
    /// <summary>Makes it.</summary>
    /// <param name="task">The task.</param>
    public TrackedTask(UpdateTask task)
    {
        Task = task;
        Calendar = new TaskCalendar(task.Schedule);
    }

    /// <summary>The task.</summary>
    public UpdateTask Task { get; private set; }

    /// <summary>Its schedule.</summary>
    public TaskCalendar Calendar { get; private set; }

    /// <summary>Its runs that have not ended.</summary>
    public HashSet<TrackedRun> Open { get; } = [];

    /// <summary>How far each machine has come in it, when it comes again.</summary>
    public Dictionary<VmKey, PastRun> Past { get; } = [];

    /// <summary>How many runs have ended, for the failure limit.</summary>
    public int Ended { get; set; }

    /// <summary>How many of them failed.</summary>
    public int Failed { get; set; }

    /// <summary>Whether it was suspended.</summary>
    public bool IsHeld { get; set; }

    /// <summary>Why failures hold it; <see langword="null"/> when they do not.</summary>
    public string? FailureHold { get; set; }

    /// <summary>Whether it was removed: it stays until its last run has ended.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>Puts a changed task in its place.</summary>
    /// <param name="task">The task.</param>
    public void Change(UpdateTask task)
    {
        Task = task;
        Calendar = new TaskCalendar(task.Schedule);
        IsRemoved = false;
    }
}
