using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>A disk in memory, in pieces that are zeroed when it is let go; what was never written takes no room.</summary>
internal sealed class MemoryVolume : IDisk
{
    private const int PieceSize = 64 * 1024;
    private readonly Dictionary<long, SecretBuffer> _pieces = [];

    public MemoryVolume(long length) => Length = (length + PieceSize - 1) / PieceSize * PieceSize;

    public long Length { get; }

    public bool CanWrite => true;

    public int LogicalSectorSize => 512;

    public void ReadAt(long offset, Span<byte> buffer)
    {
        Require(offset, buffer.Length);
        while (buffer.Length > 0)
        {
            int inPiece = (int)(offset % PieceSize);
            int count = Math.Min(buffer.Length, PieceSize - inPiece);
            if (_pieces.TryGetValue(offset / PieceSize, out SecretBuffer? piece))
            {
                piece.Span.Slice(inPiece, count).CopyTo(buffer);
            }
            else
            {
                buffer.Slice(0, count).Clear();
            }

            buffer = buffer.Slice(count);
            offset += count;
        }
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        Require(offset, buffer.Length);
        while (buffer.Length > 0)
        {
            int inPiece = (int)(offset % PieceSize);
            int count = Math.Min(buffer.Length, PieceSize - inPiece);
            if (!_pieces.TryGetValue(offset / PieceSize, out SecretBuffer? piece))
            {
                piece = new SecretBuffer(PieceSize);
                _pieces.Add(offset / PieceSize, piece);
            }

            buffer.Slice(0, count).CopyTo(piece.Span.Slice(inPiece));
            buffer = buffer.Slice(count);
            offset += count;
        }
    }

    public void Flush()
    {
    }

    public void Dispose()
    {
        foreach (SecretBuffer piece in _pieces.Values)
        {
            piece.Dispose();
        }

        _pieces.Clear();
    }

    private void Require(long offset, int count)
    {
        if (offset < 0 || offset > Length - count)
        {
            throw new DiskFormatException(DiskFormatDefect.Truncated, "memory", offset, $"{count} bytes are wanted, and it has {Length}.");
        }
    }
}
