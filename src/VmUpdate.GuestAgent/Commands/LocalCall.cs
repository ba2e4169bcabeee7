using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Commands;

/// <summary>A conversation with the running agent.</summary>
/// <param name="stream">The channel to it.</param>
internal sealed class LocalCall(Stream stream) : IDisposable
{
    private readonly LineReader _lines = new();
    private readonly Queue<GuestMessage> _came = new();

    /// <summary>Says something.</summary>
    /// <param name="message">The message.</param>
    public void Send(GuestMessage message)
    {
        byte[] line = MessageCodec.Encode(message);
        stream.Write(line, 0, line.Length);
    }

    /// <summary>Waits for the next message.</summary>
    /// <param name="timeout">How long.</param>
    /// <returns>The message; <see langword="null"/> when none came in time.</returns>
    /// <exception cref="IOException">The agent is gone.</exception>
    public GuestMessage? Receive(TimeSpan timeout)
    {
        DateTime end = DateTime.UtcNow + timeout;
        var buffer = new byte[4096];
        while (_came.Count == 0)
        {
            Task<int> reading = stream.ReadAsync(buffer, 0, buffer.Length);
            TimeSpan left = end - DateTime.UtcNow;
            if (left <= TimeSpan.Zero || !Wait(reading, left))
            {
                return null;
            }

            if (reading.Result == 0)
            {
                throw new IOException("the agent hung up");
            }

            _lines.Add(buffer.AsSpan(0, reading.Result), line => _came.Enqueue(MessageCodec.Decode(line)), () => { });
        }

        return _came.Dequeue();
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private static bool Wait(Task<int> reading, TimeSpan left)
    {
        try
        {
            return reading.Wait(left);
        }
        catch (AggregateException failure) when (failure.InnerException is IOException gone)
        {
            throw gone;
        }
    }
}
