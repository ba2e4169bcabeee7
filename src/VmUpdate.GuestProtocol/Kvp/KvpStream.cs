#pragma warning disable CA1844 // The streams of netstandard2.0 have no methods with Memory, and this one is slow by nature.
namespace VmUpdate.GuestProtocol.Kvp;

/// <summary>
/// A <see cref="KvpPipe"/> as a stream. Somebody pumps it: looks at the values again and again, and publishes. Reading and writing may each
/// be done by a thread of its own, beside the pump.
/// </summary>
public sealed class KvpStream : Stream
{
    private const int MostPending = 256 * 1024;

    private readonly KvpPipe _pipe;
    private readonly object _lock = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly SemaphoreSlim _drained = new(0);
    private bool _isClosed;

    /// <summary>Makes a stream.</summary>
    /// <param name="pipe">The pipe.</param>
    public KvpStream(KvpPipe pipe) => _pipe = pipe;

    /// <summary>Whether it was disposed, or ended.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_lock)
            {
                return _isClosed;
            }
        }
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Takes in what the other end published, and gives what is to be published here.</summary>
    /// <param name="values">The values that are seen.</param>
    /// <returns>The values to publish.</returns>
    public IReadOnlyDictionary<string, string> Pump(IReadOnlyDictionary<string, string> values)
    {
        lock (_lock)
        {
            _pipe.Look(values);
            _isClosed |= _pipe.IsOver;
            IReadOnlyDictionary<string, string> changes = _pipe.TakeChanges();
            Wake();
            return changes;
        }
    }

    /// <summary>Ends the stream from below: reads end, writes fail.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isClosed = true;
            Wake();
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_lock)
            {
                int taken = _pipe.Take(buffer.AsSpan(offset, count));
                if (taken > 0 || _isClosed || count == 0)
                {
                    return taken;
                }
            }

            await _changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    /// <inheritdoc/>
    /// <remarks>It waits while much is on the way already.</remarks>
    public override async Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_isClosed)
                {
                    throw new IOException("the other end of the channel is gone.");
                }

                if (_pipe.Pending < MostPending)
                {
                    _pipe.Send(buffer.AsSpan(offset, count));
                    return;
                }
            }

            await _drained.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            End();
        }

        base.Dispose(disposing);
    }

    /// <summary>Lets whoever waits look again; one look at a time is enough.</summary>
    private void Wake()
    {
        Release(_changed);
        Release(_drained);
    }

    private static void Release(SemaphoreSlim waiting)
    {
        if (waiting.CurrentCount == 0)
        {
            waiting.Release();
        }
    }
}
