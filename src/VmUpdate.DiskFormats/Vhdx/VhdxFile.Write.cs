using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx.Log;

namespace VmUpdate.DiskFormats.Vhdx;

/// <content>Writing payload: where bytes go, and which entries and bits change with them.</content>
internal sealed partial class VhdxFile
{
    /// <summary>
    /// Most pages that the write of one block changes: the bitmap of a 256 MiB block with its ends, and the entries of block and bitmap.
    /// </summary>
    private const int MaxPagesOfOneWrite = 20;

    private long _length;

    /// <summary>Whether anything was written that the host was not told to make durable.</summary>
    private bool _hasUnflushedWrites;

    private IBlockFile File => _file ?? throw new InvalidOperationException($"{Path} was opened for reading only.");

    /// <summary>Writes what the guest is to see; the caller has checked the range.</summary>
    internal void Write(long offset, ReadOnlySpan<byte> data)
    {
        if (data.Length == 0)
        {
            return;
        }

        BeginGuestWrite();
        try
        {
            WriteBytes(offset, data);
        }
        catch (DiskFormatException failure) when (failure.Subject.Length == 0)
        {
            throw failure.In(Path);
        }
    }

    private void WriteBytes(long offset, ReadOnlySpan<byte> data)
    {
        if (_metadata.Parent is null)
        {
            WriteSectors(offset, data);
            return;
        }

        // A child's bitmap knows whole sectors only: the rest of a sector that is written in part is fetched first.
        int size = _geometry.SectorSize;
        int head = (int)(offset % size) == 0 ? 0 : Math.Min(data.Length, size - (int)(offset % size));
        int tail = (data.Length - head) % size;
        WritePartOfSector(offset, data.Slice(0, head));
        WriteSectors(offset + head, data.Slice(head, data.Length - head - tail));
        WritePartOfSector(offset + data.Length - tail, data.Slice(data.Length - tail));
    }

    private void WritePartOfSector(long offset, ReadOnlySpan<byte> data)
    {
        if (data.Length == 0)
        {
            return;
        }

        Span<byte> sector = stackalloc byte[_geometry.SectorSize];
        long start = offset - (offset % sector.Length);
        Read(start, sector);
        data.CopyTo(sector.Slice((int)(offset - start)));
        WriteSectors(start, sector);
    }

    private void WriteSectors(long offset, ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            if (!_isUnderConstruction && _bat.DirtyCount + _bitmaps.DirtyCount + MaxPagesOfOneWrite > LogWriter.MaxPages)
            {
                // All changed pages go into one log entry, so that a crash never leaves half of them.
                Flush();
            }

            long block = offset / _geometry.BlockSize;
            int within = (int)(offset % _geometry.BlockSize);
            int count = Math.Min(data.Length, _geometry.BlockSize - within);
            WriteToBlock(block, within, data.Slice(0, count));
            offset += count;
            data = data.Slice(count);
        }
    }

    private void WriteToBlock(long block, int within, ReadOnlySpan<byte> data)
    {
        BatEntry entry = PayloadEntry(block);
        _hasUnflushedWrites = true;
        if (entry.State == BlockState.FullyPresent)
        {
            File.WriteAt((long)entry.FileOffset + within, data);
            return;
        }

        if (entry.State == BlockState.PartiallyPresent)
        {
            File.WriteAt((long)entry.FileOffset + within, data);
            MarkOwn(block, within, data.Length);
            return;
        }

        // Without a parent, or in a block that hides the parent's (zero, unmapped, undefined), what is not written stays zero: the new
        // block is fully present. Only a block that showed the parent's bytes becomes partially present.
        bool showsParent = _metadata.Parent is not null && entry.State == BlockState.NotPresent;
        bool isWhole = within == 0 && data.Length >= _geometry.UsedLength(block);
        long place = Allocate(_geometry.BlockSize);
        File.WriteAt(place + within, data);
        if (showsParent && !isWhole)
        {
            long bitmap = EnsureBitmap(block);

            // The bits may be left from a time when the block was partially present before.
            _bitmaps.Fill(bitmap, _geometry.FirstBit(block), _geometry.SectorsPerBlock, value: false);
            MarkOwn(block, within, data.Length);
            _bat.Set(_geometry.PayloadEntry(block), new BatEntry(BlockState.PartiallyPresent, place));
        }
        else
        {
            _bat.Set(_geometry.PayloadEntry(block), new BatEntry(BlockState.FullyPresent, place));
        }
    }

    private void MarkOwn(long block, int within, int count) => _bitmaps.Fill(
        BitmapOffset(block), _geometry.FirstBit(block) + (within / _geometry.SectorSize), count / _geometry.SectorSize, value: true);

    private long EnsureBitmap(long block)
    {
        long index = _geometry.BitmapEntry(block);
        if (_bat[index].State != BlockState.FullyPresent)
        {
            _bat.Set(index, new BatEntry(BlockState.FullyPresent, Allocate(VhdxLimits.OneMebibyte)));
        }

        return BitmapOffset(block);
    }

    /// <summary>Room at the file's end. It is all zeros: it never existed before, so no stale byte can lie in it.</summary>
    private long Allocate(long size)
    {
        long place = RoundUp(_length);
        File.SetLength(place + size);
        _length = place + size;
        return place;
    }

    private static long RoundUp(long length) =>
        (length + VhdxLimits.OneMebibyte - 1) / VhdxLimits.OneMebibyte * VhdxLimits.OneMebibyte;
}
