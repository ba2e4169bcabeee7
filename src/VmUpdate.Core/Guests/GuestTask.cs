using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Guests;

/// <summary>A task as it is handed to a guest.</summary>
/// <param name="RunId">The run. A guest that has this run and attempt already does not begin it again.</param>
/// <param name="Attempt">The attempt, from 1.</param>
/// <param name="Task">The task: its instructor says which update agent is meant.</param>
/// <param name="Payload">What is handed to the agent, byte for byte.</param>
/// <param name="MayRestart">Whether the agent may restart the guest; if not, it says that a restart is needed.</param>
public sealed record GuestTask(Guid RunId, int Attempt, UpdateTask Task, TaskPayload Payload, bool MayRestart);
