using System.Collections.Concurrent;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

/// <summary>What happens to a host's machines, told to those who wait for it.</summary>
internal sealed class DomainEvents
{
    // The library is given a number and not an object: a callback that comes late finds nothing, and not freed memory.
    private static readonly ConcurrentDictionary<long, DomainEvents> Listening = new();
    private static readonly VirApi.DomainCallback OnDomain = Hear;
    private static readonly VirApi.CloseCallback OnClose = HearClose;
    private static long _lastNumber;

    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<bool>> _next = new();
    private readonly ConcurrentDictionary<object, Action<Guid>> _watchers = new();
    private readonly long _number = Interlocked.Increment(ref _lastNumber);

    internal DomainEvents() => Listening[_number] = this;

    /// <summary>Completes with the machine's next event. Asked for before the machine is looked at, so that none slips between.</summary>
    internal Task Next(Guid vm) =>
        _next.GetOrAdd(vm, _ => new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Calls back with each machine that something happens to; <see cref="Guid.Empty"/> stands for all of them.</summary>
    internal IDisposable Watch(Action<Guid> onEvent)
    {
        var key = new object();
        _watchers[key] = onEvent;
        return new Ending(() => _watchers.TryRemove(key, out _));
    }

    /// <summary>Has a connection tell its events.</summary>
    /// <returns>What <see cref="Detach"/> needs.</returns>
    internal IReadOnlyList<int> Attach(IntPtr connection)
    {
        var callbacks = new List<int>();
        foreach (int what in new[] { VirApi.EventLifecycle, VirApi.EventAgent })
        {
            int callback = VirApi.RegisterEvent(connection, IntPtr.Zero, what, OnDomain, (IntPtr)_number, IntPtr.Zero);
            if (callback >= 0)
            {
                callbacks.Add(callback);
            }
        }

        // Not every driver has each kind of event, or a connection that could break; then the waits' own time-outs have to do.
        _ = VirApi.RegisterClose(connection, OnClose, (IntPtr)_number, IntPtr.Zero);
        VirApi.ResetLastError();
        return callbacks;
    }

    internal static void Detach(IntPtr connection, IReadOnlyList<int> callbacks)
    {
        foreach (int callback in callbacks)
        {
            _ = VirApi.UnregisterEvent(connection, callback);
        }

        _ = VirApi.UnregisterClose(connection, OnClose);
        VirApi.ResetLastError();
    }

    internal void End() => Listening.TryRemove(_number, out _);

    private static int Hear(IntPtr connection, IntPtr domain, int what, int detail, IntPtr opaque)
    {
        if (Listening.TryGetValue((long)opaque, out DomainEvents? events) && Domain.ReadId(domain) is { } id)
        {
            events.Raise(id);
        }

        return 0;
    }

    private static void HearClose(IntPtr connection, int reason, IntPtr opaque)
    {
        if (Listening.TryGetValue((long)opaque, out DomainEvents? events))
        {
            foreach (Guid vm in events._next.Keys)
            {
                events.Wake(vm);
            }

            events.Tell(Guid.Empty);
        }
    }

    private void Raise(Guid vm)
    {
        Wake(vm);
        Tell(vm);
    }

    private void Wake(Guid vm)
    {
        if (_next.TryRemove(vm, out TaskCompletionSource<bool>? waiting))
        {
            waiting.TrySetResult(true);
        }
    }

    private void Tell(Guid vm)
    {
        foreach (Action<Guid> watcher in _watchers.Values)
        {
            try
            {
                watcher(vm);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                // An exception must not run into the library's frames below; the watcher's own mistake is its own.
            }
        }
    }
}
