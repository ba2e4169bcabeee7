namespace VmUpdate.GuestAgent.Tests;

/// <summary>A virtio-serial port as a guest meets it: without a host a read gives nothing at once, and a write blocks.</summary>
internal sealed class SerialPort : Stream
{
    private readonly object _gate = new();
    private readonly Queue<byte> _toGuest = new();
    private readonly MemoryStream _toHost = new();
    private bool _isHostThere;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>How many writes wait for a host.</summary>
    public int Blocked { get; private set; }

    /// <summary>What the guest wrote, by lines.</summary>
    public string[] Heard
    {
        get
        {
            lock (_gate)
            {
                return System.Text.Encoding.UTF8.GetString(_toHost.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            }
        }
    }

    public void SetHost(bool isThere)
    {
        lock (_gate)
        {
            _isHostThere = isThere;
            Monitor.PulseAll(_gate);
        }
    }

    public void Say(byte[] bytes)
    {
        lock (_gate)
        {
            Array.ForEach(bytes, _toGuest.Enqueue);
            Monitor.PulseAll(_gate);
        }
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        lock (_gate)
        {
            while (_toGuest.Count == 0 && _isHostThere)
            {
                Monitor.Wait(_gate);
            }

            int read = 0;
            while (read < count && _toGuest.TryDequeue(out byte b))
            {
                buffer[offset + read++] = b;
            }

            return read;
        }
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        lock (_gate)
        {
            Blocked++;
            while (!_isHostThere)
            {
                Monitor.Wait(_gate);
            }

            Blocked--;
            _toHost.Write(buffer, offset, count);
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
