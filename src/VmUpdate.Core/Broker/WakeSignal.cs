using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace VmUpdate.Core.Broker;

/// <summary>
/// Wakes a running broker of the host at once, from this process or another of the same account: a named pipe on Windows, a unix socket in
/// the store's folder elsewhere. It carries no words: what is wanted is in the store, and the broker looks there by itself soon enough when
/// a signal is lost.
/// </summary>
public sealed class WakeSignal : IDisposable
{
    // A unix socket's path has 108 bytes with its end.
    private const int LongestSocketPath = 100;
    private const int ConnectMilliseconds = 100;

    private readonly CancellationTokenSource _end = new();
    private readonly Task _listening;

    private WakeSignal(string name, Action wake) => _listening = Task.Run(() => ListenAsync(name, wake, _end.Token));

    /// <summary>Listens for signals.</summary>
    /// <param name="storePath">The store's file.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="wake">Called for each signal, from any thread.</param>
    /// <returns>Ends it when disposed; <see langword="null"/> where no signal is possible.</returns>
    public static WakeSignal? Listen(string storePath, string hostId, Action wake) => NameOf(storePath, hostId) is { } name ? new WakeSignal(name, wake) : null;

    /// <summary>Whether a broker can be woken here: a socket's path must not be too long.</summary>
    /// <param name="storePath">The store's file.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>Whether it can.</returns>
    public static bool IsPossible(string storePath, string hostId) => NameOf(storePath, hostId) is not null;

    /// <summary>Wakes the broker, if one runs.</summary>
    /// <param name="storePath">The store's file.</param>
    /// <param name="hostId">The host.</param>
    /// <returns>Whether one heard it.</returns>
    public static bool Send(string storePath, string hostId)
    {
        if (NameOf(storePath, hostId) is not { } name)
        {
            return false;
        }

        try
        {
            using var pipe = new NamedPipeClientStream(".", name, PipeDirection.Out, Options);
            pipe.Connect(ConnectMilliseconds);
            pipe.WriteByte(1);
            return true;
        }
        catch (Exception failure) when (failure is TimeoutException or IOException or UnauthorizedAccessException)
        {
            // No broker runs, or it is busy with another signal: it finds the order in the store.
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        try
        {
            _listening.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
        }

        _end.Dispose();
    }

    private static PipeOptions Options =>
#if NET8_0_OR_GREATER
        PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly;
#else
        // .NET Framework has no such option; there a pipe's default lets nobody but its owner, administrators and the system write.
        PipeOptions.Asynchronous;
#endif

    private static string? NameOf(string storePath, string hostId)
    {
        string digits = unchecked((uint)StartJitter.SeedOf($"{storePath}|{hostId}")).ToString("x8", CultureInfo.InvariantCulture);
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            return $"VmUpdate.Broker.{digits}";
        }

        string path = Path.Combine(Path.GetDirectoryName(storePath) ?? "/", $"wake-{digits}.sock");
        return path.Length <= LongestSocketPath ? path : null;
    }

    private static async Task ListenAsync(string name, Action wake, CancellationToken end)
    {
        byte[] buffer = new byte[16];
        while (!end.IsCancellationRequested)
        {
            try
            {
                using var pipe = new NamedPipeServerStream(name, PipeDirection.In, 1, PipeTransmissionMode.Byte, Options);
                await pipe.WaitForConnectionAsync(end).ConfigureAwait(false);
                wake();
                await DrainAsync(pipe, buffer, end).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // Another process holds the name, or the other end went away: the store's orders are found without the signal too.
                await SystemDelay(end).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads to the end, so that the other side is not cut off.</summary>
    private static async Task DrainAsync(Stream pipe, byte[] buffer, CancellationToken end)
    {
        int read;
        do
        {
#if NET8_0_OR_GREATER
            read = await pipe.ReadAsync(buffer, end).ConfigureAwait(false);
#else
            read = await pipe.ReadAsync(buffer, 0, buffer.Length, end).ConfigureAwait(false);
#endif
        }
        while (read > 0);
    }

    private static Task SystemDelay(CancellationToken end) => Machines.SystemClock.Instance.Delay(TimeSpan.FromSeconds(1), end);
}
