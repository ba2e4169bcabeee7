using System.Globalization;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;

namespace VmUpdate.Simulation.World;

/// <summary>
/// A host whose machines are files, one for each, so that they survive whoever works on them. Their guests go by the clock: what
/// they were handed they have searched, applied and done after a while, if their machine runs.
/// </summary>
public sealed class FileHost : IHypervisor, IHostMetrics, IUserSessions, IGuestTasks, IDisposable
{
    private static readonly TimeSpan Phase = TimeSpan.FromMilliseconds(40);
    private readonly object _gate = new();
    private readonly string _folder;
    private readonly CancellationTokenSource _end = new();

    /// <summary>Opens a host.</summary>
    /// <param name="folder">Its folder.</param>
    public FileHost(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
    }

    /// <inheritdoc/>
    public string HostId => "file-host";

    /// <inheritdoc/>
    public string HostName => HostId;

    /// <inheritdoc/>
    public bool DisksAreHere => false;

    /// <summary>Adds a machine.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="state">What it does.</param>
    /// <returns>What it is known by.</returns>
    public VmKey Add(int number, VmPowerState state)
    {
        var key = new VmKey(HostId, new Guid(number, 0, 0, new byte[8]));
        Write(key, new FileMachine(state, string.Empty, Guid.Empty, 0, 0, []));
        return key;
    }

    /// <summary>What is on the disk of a machine.</summary>
    /// <param name="vm">The machine.</param>
    /// <returns>Its file.</returns>
    public FileMachine Read(VmKey vm)
    {
        string[] lines = File.ReadAllLines(PathOf(vm.VmId));
        return new FileMachine(
            Enum.Parse<VmPowerState>(lines[0]),
            lines[1],
            Guid.Parse(lines[2]),
            int.Parse(lines[3], CultureInfo.InvariantCulture),
            long.Parse(lines[4], CultureInfo.InvariantCulture),
            [.. lines.Skip(5)]);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<VirtualMachine>> ListAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<VirtualMachine>>(
        [.. Keys().Select(k => new VirtualMachine(k, NameOf(k), Read(k).State, false, string.Empty))]);

    /// <inheritdoc/>
    public Task<VirtualMachine> GetAsync(VmKey vm, CancellationToken cancellation) =>
        Task.FromResult(new VirtualMachine(vm, NameOf(vm), Read(vm).State, false, string.Empty));

    /// <inheritdoc/>
    public Task StartAsync(VmKey vm, CancellationToken cancellation) => To(vm, VmPowerState.Running);

    /// <inheritdoc/>
    public Task ShutDownAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation) => To(vm, VmPowerState.Off);

    /// <inheritdoc/>
    public Task SaveAsync(VmKey vm, CancellationToken cancellation) => To(vm, VmPowerState.Saved);

    /// <inheritdoc/>
    public Task PauseAsync(VmKey vm, CancellationToken cancellation) => To(vm, VmPowerState.Paused);

    /// <inheritdoc/>
    public Task ResumeAsync(VmKey vm, CancellationToken cancellation) => To(vm, VmPowerState.Running);

    /// <inheritdoc/>
    public Task<IReadOnlyList<VmDisk>> GetDisksAsync(VmKey vm, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<VmDisk>>([]);

    /// <inheritdoc/>
    public Task SwitchDiskAsync(VmKey vm, DiskLocation location, string oldPath, string newPath, CancellationToken cancellation) =>
        throw new NotSupportedException("A broker switches no disk.");

    /// <inheritdoc/>
    public Task<IReadOnlyList<AttachedDisk>> ListDisksAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<AttachedDisk>>([]);

    /// <inheritdoc/>
    public Task DeleteDiskAsync(string path, CancellationToken cancellation) => throw new NotSupportedException("A broker deletes no disk.");

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, string>> GetMarksAsync(VmKey vm, CancellationToken cancellation)
    {
        string mark = Read(vm).Mark;
        return Task.FromResult<IReadOnlyDictionary<string, string>>(
            mark.Length == 0 ? new Dictionary<string, string>() : new Dictionary<string, string> { [VmMarks.Woken] = mark });
    }

    /// <inheritdoc/>
    public Task SetMarkAsync(VmKey vm, string mark, string? text, CancellationToken cancellation) =>
        Change(vm, m => m with { Mark = text ?? string.Empty });

    /// <inheritdoc/>
    public Task<HostLoad> GetLoadAsync(CancellationToken cancellation) => Task.FromResult(new HostLoad(5, 60L << 30, 64L << 30));

    /// <inheritdoc/>
    public Task<VmFootprint> GetFootprintAsync(VmKey vm, CancellationToken cancellation) => Task.FromResult(new VmFootprint(2L << 30, "C:"));

    /// <inheritdoc/>
    public Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<UserSession>?>([]);

    /// <inheritdoc/>
    public Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task WaitUntilReadyAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation) => Task.Delay(10, cancellation);

    /// <inheritdoc/>
    public Task HandOverAsync(VmKey vm, GuestTask task, CancellationToken cancellation)
    {
        string begun = $"{task.RunId:N} {task.Attempt}";
        return Change(vm, m => m.Begun.Contains(begun)
            ? m
            : m with { Run = task.RunId, Attempt = task.Attempt, BeganTicks = DateTime.UtcNow.Ticks, Begun = [.. m.Begun, begun] });
    }

    /// <inheritdoc/>
    public Task<GuestTaskReport?> GetProgressAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation)
    {
        FileMachine machine = Read(vm);
        return Task.FromResult(machine.Run == runId && machine.Attempt == attempt ? Report(vm, machine) : null);
    }

    /// <inheritdoc/>
    public Task CancelAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task RestartAsync(VmKey vm, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public IDisposable Listen(Action<GuestTaskReport> onReport, Action<VmKey> onSilent)
    {
        _ = Task.Run(async () =>
        {
            var told = new Dictionary<VmKey, GuestTaskReport>();
            while (!_end.IsCancellationRequested)
            {
                foreach (VmKey vm in Keys())
                {
                    FileMachine machine = Read(vm);
                    GuestTaskReport report = Report(vm, machine);
                    if (machine.State == VmPowerState.Running && machine.Attempt > 0 && told.GetValueOrDefault(vm) != report)
                    {
                        told[vm] = report;
                        onReport(report);
                    }
                }

                await Task.Delay(5);
            }
        });
        return this;
    }

    /// <inheritdoc/>
    public void Dispose() => _end.Cancel();

    private static GuestTaskReport Report(VmKey vm, FileMachine machine)
    {
        TimeSpan worked = TimeSpan.FromTicks(DateTime.UtcNow.Ticks - machine.BeganTicks);
        GuestStatus status = worked < Phase ? GuestStatus.Searching : worked < Phase + Phase ? GuestStatus.Applying : GuestStatus.Success;
        return new GuestTaskReport(vm, machine.Run, machine.Attempt, (int)status, null, false, string.Empty);
    }

    private static string NameOf(VmKey vm) => $"PC{vm.VmId.ToString("N").Substring(0, 8)}";

    private IEnumerable<VmKey> Keys() => Directory.GetFiles(_folder, "*.vm").Order(StringComparer.Ordinal)
        .Select(f => new VmKey(HostId, Guid.Parse(Path.GetFileNameWithoutExtension(f))));

    private string PathOf(Guid vm) => Path.Combine(_folder, $"{vm:N}.vm");

    private async Task To(VmKey vm, VmPowerState state)
    {
        await Task.Delay(15, CancellationToken.None);
        await Change(vm, m => m with { State = state });
    }

    private Task Change(VmKey vm, Func<FileMachine, FileMachine> change)
    {
        lock (_gate)
        {
            Write(vm, change(Read(vm)));
        }

        return Task.CompletedTask;
    }

    private void Write(VmKey vm, FileMachine machine)
    {
        string path = PathOf(vm.VmId);
        string[] head = [machine.State.ToString(), machine.Mark, machine.Run.ToString("D"), machine.Attempt.ToString(CultureInfo.InvariantCulture), machine.BeganTicks.ToString(CultureInfo.InvariantCulture)];
        File.WriteAllLines(path + ".new", [.. head, .. machine.Begun]);
        File.Move(path + ".new", path, overwrite: true);
    }
}
