using System.Collections.Concurrent;
using VmUpdate.Core.Machines;

namespace VmUpdate.Simulation.Guests;

/// <summary>Channels in memory: a test holds the guests' ends.</summary>
public sealed class MemoryGuestPort : IGuestPort
{
    private readonly ConcurrentDictionary<VmKey, Stream> _waiting = new();
    private readonly ConcurrentDictionary<object, Action<VmKey>> _watchers = new();

    /// <summary>How often each machine's channel was to be opened.</summary>
    public ConcurrentDictionary<VmKey, int> Openings { get; } = new();

    /// <summary>What opening fails with, when it shall.</summary>
    public Func<VmKey, HypervisorException?> Refuse { get; set; } = _ => null;

    /// <summary>Plugs a channel in, and says so.</summary>
    /// <returns>The guest's end.</returns>
    public Stream Connect(VmKey vm)
    {
        (Stream host, Stream guest) = MemoryStreamPair.Make();
        _waiting[vm] = host;
        Tell(vm);
        return guest;
    }

    /// <summary>Says that something happened to a machine.</summary>
    public void Tell(VmKey vm)
    {
        foreach (Action<VmKey> watcher in _watchers.Values)
        {
            watcher(vm);
        }
    }

    public Task<Stream> OpenGuestPortAsync(VmKey vm, CancellationToken cancellation)
    {
        Openings.AddOrUpdate(vm, 1, (_, count) => count + 1);
        return Refuse(vm) is { } refusal
            ? Task.FromException<Stream>(refusal)
            : _waiting.TryRemove(vm, out Stream? host)
                ? Task.FromResult(host)
                : Task.FromException<Stream>(new HypervisorException(HypervisorFailure.VmBusy, vm.ToString(), "its channel is not there yet."));
    }

    public IDisposable Watch(Action<VmKey> onChanged)
    {
        var key = new object();
        _watchers[key] = onChanged;
        return new Watcher(() => _watchers.TryRemove(key, out _));
    }

    private sealed class Watcher(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
