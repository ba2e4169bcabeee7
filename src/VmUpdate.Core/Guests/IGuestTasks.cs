using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Guests;

/// <summary>The host's end of the words with guests about tasks. Every call fails with <see cref="GuestException"/>.</summary>
public interface IGuestTasks
{
    /// <summary>Waits until a guest's agent answers.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="timeout">How long.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it answers.</returns>
    /// <exception cref="GuestException"><see cref="GuestFailure.GuestNotReached"/>: not in time.</exception>
    Task WaitUntilReadyAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation);

    /// <summary>Hands a task over. Safe to repeat.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="task">The task.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when the guest has it.</returns>
    Task HandOverAsync(VmKey vm, GuestTask task, CancellationToken cancellation);

    /// <summary>Asks how a run stands.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="runId">The run.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What the guest says; <see langword="null"/> when it knows nothing of it.</returns>
    Task<GuestTaskReport?> GetProgressAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation);

    /// <summary>Tells a guest to give a run up. What it cannot break off, it ends first.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="runId">The run.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when the guest was told.</returns>
    Task CancelAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation);

    /// <summary>Restarts a guest.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when the guest has gone down; it may not be back yet.</returns>
    Task RestartAsync(VmKey vm, CancellationToken cancellation);

    /// <summary>
    /// Listens to what guests say, until the result is disposed. A guest whose connection is new, or back, says where each run that it works
    /// on is: a broker that was started again knows by that what it must not disturb.
    /// </summary>
    /// <param name="onReport">Takes what a guest says of a run. Called from any thread.</param>
    /// <param name="onSilent">Takes a machine whose guest does not answer any more. Called from any thread.</param>
    /// <returns>Ends it.</returns>
    IDisposable Listen(Action<GuestTaskReport> onReport, Action<VmKey> onSilent);
}
