using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Runs;

/// <summary>A run as it is kept on disk.</summary>
/// <param name="Task">What the host ordered.</param>
/// <param name="Report">How it stands.</param>
/// <param name="Boot">The start of the machine in which it was last at work.</param>
/// <param name="Restarts">How often the machine was restarted for it.</param>
/// <param name="Changed">When this was noted, UTC.</param>
internal sealed record RunRecord(StartTask Task, TaskReport Report, string Boot, int Restarts, DateTime Changed)
{
    /// <summary>Whether the host asked to give it up.</summary>
    public bool IsCanceled { get; init; }

    /// <summary>Whether the run is over.</summary>
    public bool IsOver => Report.Status is (int)RunStatus.Success or (int)RunStatus.Failed;
}
