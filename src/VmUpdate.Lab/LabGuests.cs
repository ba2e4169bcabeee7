using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;

namespace VmUpdate.Lab;

/// <summary>A lab's guests: those that a script plays, and those that a real agent does, through their channels.</summary>
/// <param name="lab">The lab, which plays the scripts.</param>
/// <param name="agent">The host's end of the channels.</param>
public sealed class LabGuests(LabHypervisor lab, HostAgent agent) : IGuestTasks, IUserSessions, IGuestChannel
{
    /// <inheritdoc/>
    public Task WaitUntilReadyAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation) => TasksOf(vm).WaitUntilReadyAsync(vm, timeout, cancellation);

    /// <inheritdoc/>
    public Task HandOverAsync(VmKey vm, GuestTask task, CancellationToken cancellation) => TasksOf(vm).HandOverAsync(vm, task, cancellation);

    /// <inheritdoc/>
    public Task<GuestTaskReport?> GetProgressAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation) =>
        TasksOf(vm).GetProgressAsync(vm, runId, attempt, cancellation);

    /// <inheritdoc/>
    public Task CancelAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation) => TasksOf(vm).CancelAsync(vm, runId, attempt, cancellation);

    /// <inheritdoc/>
    public Task RestartAsync(VmKey vm, CancellationToken cancellation) => TasksOf(vm).RestartAsync(vm, cancellation);

    /// <inheritdoc/>
    public IDisposable Listen(Action<GuestTaskReport> onReport, Action<VmKey> onSilent) =>
        new Both(lab.Listen(onReport, onSilent), agent.Listen(onReport, onSilent));

    /// <inheritdoc/>
    public Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation) => SessionsOf(vm).GetSessionsAsync(vm, cancellation);

    /// <inheritdoc/>
    public Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation) =>
        SessionsOf(vm).SendMessageAsync(vm, session, message, cancellation);

    /// <inheritdoc/>
    public Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation) => SessionsOf(vm).LogOffAsync(vm, session, cancellation);

    /// <inheritdoc/>
    public Task<GuestReply> GetComputerNameAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation) =>
        lab.HasChannel(vm) ? agent.GetComputerNameAsync(vm, timeout, cancellation) : lab.GetComputerNameAsync(vm, timeout, cancellation);

    private IGuestTasks TasksOf(VmKey vm) => lab.HasChannel(vm) ? agent : lab;

    private IUserSessions SessionsOf(VmKey vm) => lab.HasChannel(vm) ? agent : lab;

    private sealed class Both(IDisposable first, IDisposable second) : IDisposable
    {
        public void Dispose()
        {
            first.Dispose();
            second.Dispose();
        }
    }
}
