using System.IO.Pipes;
using System.Runtime.InteropServices;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Lab;

// The channels of machines whose guest is played by a real agent.
public sealed partial class LabHypervisor
{
    private const string ChannelFolderName = "channels";

    // A unix socket's path has 108 bytes with its end.
    private const int LongestSocketPath = 100;

    // Enough to tell a lab's machines apart, and short for the path's sake.
    private const int DigitsOfChannel = 12;
    private static readonly TimeSpan LookAtChannelEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LookAtMachinesEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>Sets whether a real agent plays a machine's guest, through its channel, and not a script.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="hasChannel">Whether one does.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is set.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.HostNotUsable"/>: the lab's path is too long for a socket.</exception>
    public Task SetChannelAsync(VmKey vm, bool hasChannel, CancellationToken cancellation)
    {
        if (hasChannel)
        {
            RequireShort(Read(vm).Name, ChannelPath(vm));
        }

        return ChangeAsync(vm, machine => machine with { HasChannel = hasChannel }, cancellation);
    }

    /// <summary>Whether a real agent plays a machine's guest.</summary>
    /// <param name="vm">The machine.</param>
    /// <returns>Whether one does.</returns>
    public bool HasChannel(VmKey vm) => Read(vm).HasChannel;

    /// <summary>Where the guest's end of a machine's channel is: the path of a unix socket, of a named pipe on Windows. It is there while the
    /// machine runs and a host agent listens.</summary>
    /// <param name="vm">The machine.</param>
    /// <returns>The path, for the agent's <c>--channel</c>.</returns>
    public string ChannelPath(VmKey vm) =>
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? $@"\\.\pipe\{PipeName(vm)}" : PipeName(vm);

    /// <inheritdoc/>
    /// <remarks>Waits until a guest's agent has connected; a real host's port is there without one.</remarks>
    public async Task<Stream> OpenGuestPortAsync(VmKey vm, CancellationToken cancellation)
    {
        LabCall call = Begin("OpenGuestPort", vm, cancellation);
        LabMachineState machine = Read(vm);
        if (!machine.HasChannel)
        {
            throw new HypervisorException(
                HypervisorFailure.HostNotUsable, machine.Name, "it has no channel: a script plays its guest. Set-VmUpdateLabMachine -GuestAgent gives it one.");
        }

        Require(machine, VmPowerState.Running);
        RequireShort(machine.Name, ChannelPath(vm));
        IHostFolder folder = _options.Files.CreateFolder(Path.Combine(Folder, ChannelFolderName), ownerOnly: true);
        IDisposable? right;
        while ((right = LabFiles.TryLock(folder, ChannelName(vm))) is null)
        {
            await WaitWhileRunningAsync(vm, cancellation).ConfigureAwait(false);
        }

        NamedPipeServerStream? pipe = null;
        try
        {
            pipe = new NamedPipeServerStream(PipeName(vm), PipeDirection.InOut, 1, PipeTransmissionMode.Byte, ChannelOptions);
            await ConnectAsync(vm, pipe, cancellation).ConfigureAwait(false);
            _options.AfterCall?.Invoke(call);
        }
        catch (Exception failure)
        {
            pipe?.Dispose();
            right.Dispose();
            if (failure is IOException or UnauthorizedAccessException)
            {
                throw new HypervisorException(HypervisorFailure.VmBusy, machine.Name, $"its channel cannot be opened: {failure.Message}", failure);
            }

            throw;
        }

        _ = Task.Run(() => HoldAsync(vm, pipe, right), CancellationToken.None);
        return pipe;
    }

    /// <inheritdoc/>
    /// <remarks>A lab is files: they are looked at five times in a second.</remarks>
    public IDisposable Watch(Action<VmKey> onChanged)
    {
        var end = new CancellationTokenSource();
        Dictionary<VmKey, (VmPowerState State, bool HasChannel)> seen = LookAtMachines();
        _ = Task.Run(() => WatchAsync(seen, onChanged, end.Token), CancellationToken.None);
        return new Watcher(end);
    }

    private static PipeOptions ChannelOptions =>
#if NET8_0_OR_GREATER
        PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly;
#else
        PipeOptions.Asynchronous;
#endif

    private static string ChannelName(VmKey vm) => RecordName(vm.VmId).Substring(0, DigitsOfChannel);

    private static void RequireShort(string name, string path)
    {
        if (path.Length > LongestSocketPath && !RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            throw new HypervisorException(
                HypervisorFailure.HostNotUsable, name, $"the path of its channel, {path}, is too long for a socket: {LongestSocketPath} characters are the most. Make the lab in a shorter path.");
        }
    }

    private string PipeName(VmKey vm) => RuntimeInformation.IsOSPlatform(OSPlatform.Windows)
        ? $"VmUpdate.Lab.{_host.Id:N}.{ChannelName(vm)}"
        : Path.Combine(Folder, ChannelFolderName, ChannelName(vm));

    private async Task ConnectAsync(VmKey vm, NamedPipeServerStream pipe, CancellationToken cancellation)
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task connecting = pipe.WaitForConnectionAsync(cut.Token);
        try
        {
            while (!connecting.IsCompleted)
            {
                await Task.WhenAny(connecting, WaitWhileRunningAsync(vm, cut.Token)).Unwrap().ConfigureAwait(false);
            }

            await connecting.ConfigureAwait(false);
        }
        finally
        {
            cut.Cancel();
        }
    }

    private async Task WaitWhileRunningAsync(VmKey vm, CancellationToken cancellation)
    {
        await _options.Clock.Delay(LookAtChannelEvery, cancellation).ConfigureAwait(false);
        Require(Read(vm), VmPowerState.Running);
    }

    /// <summary>Closes a channel when its machine stops, and lets the next one open it when it is closed.</summary>
    private async Task HoldAsync(VmKey vm, NamedPipeServerStream pipe, IDisposable right)
    {
        using (right)
        using (pipe)
        {
            try
            {
                while (pipe.IsConnected)
                {
                    await WaitWhileRunningAsync(vm, CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (VmUpdateException failure) when (failure is HypervisorException or HostFileException)
            {
                // It stopped, or is gone.
            }
        }
    }

    private async Task WatchAsync(Dictionary<VmKey, (VmPowerState State, bool HasChannel)> seen, Action<VmKey> onChanged, CancellationToken end)
    {
        while (true)
        {
            try
            {
                await _options.Clock.Delay(LookAtMachinesEvery, end).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            Dictionary<VmKey, (VmPowerState State, bool HasChannel)> now = LookAtMachines();
            foreach (VmKey vm in now.Keys.Union(seen.Keys).ToList())
            {
                if (!now.TryGetValue(vm, out (VmPowerState State, bool HasChannel) present) || !seen.TryGetValue(vm, out (VmPowerState State, bool HasChannel) was) || present != was)
                {
                    onChanged(vm);
                }
            }

            seen = now;
        }
    }

    private Dictionary<VmKey, (VmPowerState State, bool HasChannel)> LookAtMachines()
    {
        var found = new Dictionary<VmKey, (VmPowerState State, bool HasChannel)>();
        foreach (string name in LabFiles.Names(_machines))
        {
            try
            {
                LabMachineState machine = LabFiles.Read<LabMachineState>(_machines, name);
                found[new VmKey(HostId, machine.Id)] = (StateOf(machine), machine.HasChannel);
            }
            catch (VmUpdateException failure) when (failure is HypervisorException or HostFileException)
            {
                // Taken away, or being replaced at this moment: seen the next time.
            }
        }

        return found;
    }

    private sealed class Watcher(CancellationTokenSource end) : IDisposable
    {
        public void Dispose() => end.Cancel();
    }
}
