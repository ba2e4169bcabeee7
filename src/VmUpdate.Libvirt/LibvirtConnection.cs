using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

/// <summary>
/// A connection to a host's libvirt that is made again when it broke: libvirtd may be restarted under running machines. Each piece of work
/// runs on a thread of its own, since a call may take as long as the host likes, and reads its error on that thread.
/// </summary>
internal sealed class LibvirtConnection : IDisposable
{
    private const int KeepAliveSeconds = 5;
    private const uint KeepAliveTries = 5;

    private readonly object _lock = new();
    private IntPtr _connection;
    private IReadOnlyList<int> _callbacks = [];
    private bool _isEnded;

    internal LibvirtConnection(string uri) => Uri = uri;

    internal string Uri { get; }

    internal DomainEvents Events { get; } = new();

    /// <summary>Does something with the connection.</summary>
    /// <param name="work">What. It throws what failed.</param>
    /// <param name="cancellation">Ends the wait; what was begun goes on.</param>
    internal async Task<T> RunAsync<T>(Func<IntPtr, T> work, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Task<T> running = Task.Factory.StartNew(
            () => Use(work), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        return await running.Or(cancellation).ConfigureAwait(false);
    }

    /// <summary>Does something with the connection on the calling thread.</summary>
    internal T Use<T>(Func<IntPtr, T> work)
    {
        try
        {
            IntPtr connection = Take();
            try
            {
                return work(connection);
            }
            catch (HypervisorException failure) when (failure.Failure != HypervisorFailure.HostNotReachable && VirApi.IsAlive(connection) == 0)
            {
                throw new HypervisorException(
                    HypervisorFailure.HostNotReachable, Uri, $"the connection broke; what was asked may have been done: {failure.Message}", failure);
            }
            finally
            {
                _ = VirApi.Close(connection);
            }
        }
        catch (Exception failure) when (failure is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            throw LibvirtErrors.OfLoading(failure);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isEnded = true;
            Events.End();
            Drop();
        }
    }

    /// <summary>The connection with a reference of the caller's own, which keeps it in being while another thread replaces it.</summary>
    private IntPtr Take()
    {
        lock (_lock)
        {
            if (_isEnded)
            {
                throw new ObjectDisposedException(nameof(LibvirtConnection));
            }

            if (_connection != IntPtr.Zero && VirApi.IsAlive(_connection) == 0)
            {
                Drop();
            }

            if (_connection == IntPtr.Zero)
            {
                Connect();
            }

            _ = VirApi.Reference(_connection);
            return _connection;
        }
    }

    private void Connect()
    {
        EventLoop.Ensure();
        IntPtr connection = VirApi.Open(Utf8.Of(Uri));
        if (connection == IntPtr.Zero)
        {
            throw LibvirtErrors.OfOpening(LibvirtError.Last(), Uri);
        }

        // Drivers without a wire to keep alive say no to it.
        _ = VirApi.SetKeepAlive(connection, KeepAliveSeconds, KeepAliveTries);
        VirApi.ResetLastError();
        _callbacks = Events.Attach(connection);
        _connection = connection;
    }

    private void Drop()
    {
        if (_connection == IntPtr.Zero)
        {
            return;
        }

        DomainEvents.Detach(_connection, _callbacks);
        _ = VirApi.Close(_connection);
        _connection = IntPtr.Zero;
    }
}
