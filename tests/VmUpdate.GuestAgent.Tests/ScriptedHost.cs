using System.Net.Sockets;
using System.Text;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>A host whose words the test chooses, behind a unix socket as a lab machine's channel is.</summary>
internal sealed class ScriptedHost : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _path;
    private readonly object _gate = new();
    private readonly List<GuestMessage> _heard = [];
    private Socket? _listener;
    private Socket? _guest;
    private int _next;

    public ScriptedHost(string path, bool isThere = true)
    {
        _path = path;
        if (isThere)
        {
            Come();
        }
    }

    /// <summary>What the guest said, all of it.</summary>
    public IReadOnlyList<GuestMessage> Heard
    {
        get
        {
            lock (_gate)
            {
                return [.. _heard];
            }
        }
    }

    /// <summary>Begins to listen.</summary>
    public void Come()
    {
        File.Delete(_path);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(_path));
        listener.Listen(1);
        _listener = listener;
    }

    /// <summary>Waits for the guest and says hello.</summary>
    /// <returns>The guest's answer.</returns>
    public Hello Meet(int oldest = 1, int newest = 1)
    {
        _guest = _listener!.Accept();
        Socket guest = _guest;
        new Thread(() => Listen(guest)) { IsBackground = true }.Start();
        SendText("\n");
        return Greet(oldest, newest);
    }

    /// <summary>Waits for the guest and says hello, but reads nothing that the guest says.</summary>
    public void MeetWithoutReading()
    {
        _guest = _listener!.Accept();
        SendText("\n");
        Send(new Hello(1, 1, "deaf host", string.Empty, [], []));
    }

    /// <summary>Says hello, as a host that begins anew does.</summary>
    public Hello Greet(int oldest = 1, int newest = 1)
    {
        Send(new Hello(oldest, newest, "scripted host", string.Empty, [], []) { RequestId = "begin" });
        return Await<Hello>(hello => hello.RequestId.Length == 0);
    }

    /// <summary>Hangs up, and is gone.</summary>
    public void Go()
    {
        _guest?.Dispose();
        _listener?.Dispose();
        (_guest, _listener) = (null, null);
        File.Delete(_path);
    }

    public void Send(GuestMessage message) => _guest!.Send(MessageCodec.Encode(message));

    public void SendText(string text) => _guest!.Send(Encoding.UTF8.GetBytes(text));

    /// <summary>Hands a task over.</summary>
    /// <returns>The guest's answer.</returns>
    public Reply HandOver(StartTask task, byte[] payload)
    {
        foreach (PayloadPart part in PayloadAssembler.Split(task.RunId, payload))
        {
            Send(part);
        }

        Send(task);
        return Await<Reply>(reply => reply.To == task.RequestId);
    }

    /// <summary>Asks for something.</summary>
    /// <returns>The guest's answer.</returns>
    public Reply Ask(GuestMessage message)
    {
        GuestMessage asked = message with { RequestId = "ask-" + Guid.NewGuid().ToString("N") };
        Send(asked);
        return Await<Reply>(reply => reply.To == asked.RequestId);
    }

    /// <summary>Waits for the report that ends a run.</summary>
    public TaskReport AwaitEnd(StartTask task) =>
        Await<TaskReport>(report => report.RunId == task.RunId && report.Attempt == task.Attempt && report.Status is 6 or 7);

    /// <summary>Waits until runs have ended, in whatever order.</summary>
    public TaskReport[] AwaitEnds(params StartTask[] tasks)
    {
        bool isThere = SpinWait.SpinUntil(() => tasks.All(task => Find(task) is not null), Patience);
        return isThere ? [.. tasks.Select(task => Find(task)!)] : throw new TimeoutException($"Not all runs ended. Heard: {string.Join('\n', Heard)}");

        TaskReport? Find(StartTask task) =>
            Heard.OfType<TaskReport>().LastOrDefault(report => report.RunId == task.RunId && report.Attempt == task.Attempt && report.Status is 6 or 7);
    }

    /// <summary>Waits for the next message of a kind; those before it are passed over.</summary>
    public T Await<T>(Func<T, bool>? which = null)
        where T : GuestMessage
    {
        DateTime end = DateTime.UtcNow + Patience;
        lock (_gate)
        {
            while (true)
            {
                for (; _next < _heard.Count; _next++)
                {
                    if (_heard[_next] is T message && (which?.Invoke(message) ?? true))
                    {
                        _next++;
                        return message;
                    }
                }

                TimeSpan left = end - DateTime.UtcNow;
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                {
                    throw new TimeoutException($"No {typeof(T).Name} came. Heard: {string.Join('\n', _heard)}");
                }
            }
        }
    }

    public void Dispose() => Go();

    private void Listen(Socket guest)
    {
        var lines = new LineReader();
        var buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = guest.Receive(buffer)) > 0)
            {
                lines.Add(buffer.AsSpan(0, count), Take, () => { });
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The test, or the agent, hung up.
        }
    }

    private void Take(ReadOnlyMemory<byte> line)
    {
        GuestMessage message = MessageCodec.Decode(line);
        lock (_gate)
        {
            _heard.Add(message);
            Monitor.PulseAll(_gate);
        }
    }
}
