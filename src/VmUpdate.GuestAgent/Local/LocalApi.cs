using VmUpdate.GuestAgent.Trigger;

namespace VmUpdate.GuestAgent.Local;

/// <summary>Serves this machine's update agents, in the protocol's own words; see README.md.</summary>
/// <param name="listener">Where they come in.</param>
/// <param name="agent">The trigger agent.</param>
/// <param name="log">Notes what people may want to know.</param>
internal sealed class LocalApi(ILocalListener listener, TriggerAgent agent, AgentLog log) : IDisposable
{
    /// <summary>The most at once.</summary>
    public const int MaxClients = 16;

    /// <summary>How many requests all of them may make in a minute; each client's lines are limited too.</summary>
    public const int RequestsPerMinute = 30;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    private readonly RateLimit _requests = new(RequestsPerMinute, TimeSpan.FromMinutes(1));
    private readonly SemaphoreSlim _places = new(MaxClients);
    private readonly ManualResetEventSlim _ended = new();

    /// <summary>Begins. To be called once.</summary>
    public void Start() => new Thread(Listen) { IsBackground = true, Name = "local api" }.Start();

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended.Set();
        listener.Dispose();
    }

    private void Listen()
    {
        while (!_ended.IsSet)
        {
            try
            {
                if (listener.Accept() is not { } stream)
                {
                    return;
                }

                if (!_places.Wait(0))
                {
                    log.Write($"{MaxClients} programs of this machine are connected already; another one is turned away.");
                    stream.Dispose();
                    continue;
                }

                new Thread(() => Serve(stream)) { IsBackground = true, Name = "local client" }.Start();
            }
            catch (Exception failure) when (failure is IOException or System.Net.Sockets.SocketException or UnauthorizedAccessException)
            {
                log.Write($"Programs of this machine cannot be served: {failure.Message}");
                _ended.Wait(PauseAfterFailure);
            }
        }
    }

    private void Serve(Stream stream)
    {
        try
        {
            using (stream)
            {
                new LocalClient(stream, agent, _requests, log).Serve();
            }
        }
        finally
        {
            _places.Release();
        }
    }
}
