using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx;

/// <content>Taking over what another chain holds.</content>
internal sealed partial class VhdxFile
{
    // As much as is read at once, and no more room than this is taken for what is zero.
    private const int CopyPiece = 256 * 1024;

    private enum Holding
    {
        /// <summary>Zeros, and no room.</summary>
        Nothing,

        /// <summary>All of it in one piece of one file.</summary>
        OnePiece,

        /// <summary>Parts of it in several places.</summary>
        Mixed,
    }

    /// <summary>Makes this new file hold what another and its parents do.</summary>
    internal void CopyFrom(VhdxFile source, CancellationToken cancellation)
    {
        byte[] piece = new byte[CopyPiece];
        byte[] zeros = new byte[CopyPiece];
        bool mayClone = true;
        for (long block = 0; block < _geometry.BlockCount; block++)
        {
            cancellation.ThrowIfCancellationRequested();
            long start = block * _geometry.BlockSize;
            int used = _geometry.UsedLength(block);
            (Holding holding, VhdxFile holder, long place) = source.Find(start, used);
            if (holding == Holding.Nothing)
            {
                continue;
            }

            mayClone = mayClone && (holding == Holding.Mixed || used < _geometry.BlockSize || TryClone(block, holder, place));
            if (PayloadEntry(block).State != BlockState.FullyPresent)
            {
                CopyPieces(source, start, used, piece, zeros);
            }
        }
    }

    private bool TryClone(long block, VhdxFile holder, long place)
    {
        if (File is not IClonesRanges file)
        {
            return false;
        }

        long room = Allocate(_geometry.BlockSize);
        if (!file.TryClone(holder._view, place, room, _geometry.BlockSize))
        {
            File.SetLength(room);
            _length = room;
            return false;
        }

        _hasUnflushedWrites = true;
        _bat.Set(_geometry.PayloadEntry(block), new BatEntry(BlockState.FullyPresent, room));
        return true;
    }

    private void CopyPieces(VhdxFile source, long start, int length, byte[] piece, byte[] zeros)
    {
        for (int done = 0; done < length; done += piece.Length)
        {
            Span<byte> part = piece.AsSpan(0, Math.Min(piece.Length, length - done));
            source.Read(start + done, part);
            if (!part.SequenceEqual(zeros.AsSpan(0, part.Length)))
            {
                Write(start + done, part);
            }
        }
    }

    /// <summary>Where a part of the disk lies.</summary>
    private (Holding Holding, VhdxFile Holder, long Place) Find(long offset, int length)
    {
        long block = offset / _geometry.BlockSize;
        int within = (int)(offset % _geometry.BlockSize);
        if (length > _geometry.BlockSize - within)
        {
            return (Holding.Mixed, this, 0);
        }

        BatEntry entry = PayloadEntry(block);
        return entry.State switch
        {
            BlockState.FullyPresent => (Holding.OnePiece, this, (long)entry.FileOffset + within),
            BlockState.PartiallyPresent => (Holding.Mixed, this, 0),
            BlockState.NotPresent when Parent is not null => Parent.Find(offset, length),
            _ => (Holding.Nothing, this, 0),
        };
    }
}
