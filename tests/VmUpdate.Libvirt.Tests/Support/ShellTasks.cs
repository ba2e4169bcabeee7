using System.Text;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;

namespace VmUpdate.Libvirt.Tests.Support;

/// <summary>Tasks whose command the tiny guest's own shell runs, through QEMU's guest agent.</summary>
/// <param name="libvirt">The host.</param>
internal sealed class ShellTasks(LibvirtHypervisor libvirt) : IGuestTasks
{
    private readonly Dictionary<(VmKey, Guid, int), GuestTaskReport> _reports = [];
    private Action<GuestTaskReport>? _onReport;

    public async Task WaitUntilReadyAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation)
    {
        if ((await libvirt.GetComputerNameAsync(vm, timeout, cancellation)).Kind != GuestReplyKind.Answered)
        {
            throw new GuestException(GuestFailure.GuestNotReached, vm.ToString(), "its guest does not answer.");
        }
    }

    public async Task HandOverAsync(VmKey vm, GuestTask task, CancellationToken cancellation)
    {
        GuestCommandResult result = await libvirt.RunInGuestAsync(
            vm, "/bin/sh", ["-c", Encoding.UTF8.GetString(task.Payload.Bytes.Span)], RealHost.Patience, cancellation);
        var report = new GuestTaskReport(
            vm,
            task.RunId,
            task.Attempt,
            (int)(result.ExitCode == 0 ? GuestStatus.Success : GuestStatus.Failed),
            null,
            false,
            Encoding.UTF8.GetString(result.ExitCode == 0 ? result.Output : result.Errors).Trim());
        lock (_reports)
        {
            _reports[(vm, task.RunId, task.Attempt)] = report;
        }

        _onReport?.Invoke(report);
    }

    public Task<GuestTaskReport?> GetProgressAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation)
    {
        lock (_reports)
        {
            return Task.FromResult(_reports.GetValueOrDefault((vm, runId, attempt)));
        }
    }

    public Task CancelAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation) => Task.CompletedTask;

    public Task RestartAsync(VmKey vm, CancellationToken cancellation) => Task.CompletedTask;

    public IDisposable Listen(Action<GuestTaskReport> onReport, Action<VmKey> onSilent)
    {
        _onReport = onReport;
        return new Ending(() => _onReport = null);
    }
}
