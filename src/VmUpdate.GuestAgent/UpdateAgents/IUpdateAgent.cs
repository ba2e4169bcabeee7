using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>Performs the tasks of one instructor.</summary>
internal interface IUpdateAgent
{
    /// <summary>Says why it cannot take a task, before it is begun.</summary>
    /// <param name="task">The task.</param>
    /// <returns>A sentence; <see langword="null"/> when it can.</returns>
    string? WhyNot(StartTask task);

    /// <summary>Performs a task.</summary>
    /// <param name="work">The task.</param>
    /// <param name="stop">Asks it to break off. What must not be broken off is ended first, and its outcome told as it is.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="OperationCanceledException">It was broken off.</exception>
    Task<AgentOutcome> PerformAsync(AgentWork work, CancellationToken stop);
}
