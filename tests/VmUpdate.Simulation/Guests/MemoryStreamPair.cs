using System.Threading.Channels;

namespace VmUpdate.Simulation.Guests;

/// <summary>Two ends of a channel in memory. It holds little, as a serial port does: who writes waits for who reads.</summary>
public static class MemoryStreamPair
{
    private const int MostPieces = 16;

    /// <summary>Makes both ends.</summary>
    public static (Stream Host, Stream Guest) Make()
    {
        Channel<byte[]> toHost = Channel.CreateBounded<byte[]>(MostPieces);
        Channel<byte[]> toGuest = Channel.CreateBounded<byte[]>(MostPieces);
        return (new End(toHost.Reader, toGuest.Writer, toHost.Writer), new End(toGuest.Reader, toHost.Writer, toGuest.Writer));
    }

    private sealed class End(ChannelReader<byte[]> reader, ChannelWriter<byte[]> writer, ChannelWriter<byte[]> own) : Stream
    {
        private ReadOnlyMemory<byte> _left;

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left.IsEmpty)
            {
                if (!await reader.WaitToReadAsync(cancellationToken) || !reader.TryRead(out byte[]? piece))
                {
                    return 0;
                }

                _left = piece;
            }

            int count = Math.Min(buffer.Length, _left.Length);
            _left[..count].CopyTo(buffer);
            _left = _left[count..];
            return count;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                await writer.WriteAsync(buffer.ToArray(), cancellationToken);
            }
            catch (ChannelClosedException closed)
            {
                throw new IOException("The other end is gone.", closed);
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            writer.TryComplete();
            own.TryComplete();
            base.Dispose(disposing);
        }
    }
}
