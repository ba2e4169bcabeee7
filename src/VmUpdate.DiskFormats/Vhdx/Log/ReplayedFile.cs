using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx.Log;

/// <summary>A file as it would be after its log's replay; the file itself is not touched.</summary>
/// <param name="file">The file as it lies on the host.</param>
/// <param name="replay">What its log asks for.</param>
internal sealed class ReplayedFile(IBlockDevice file, LogReplay replay) : IBlockDevice
{
    private const string Structure = "file";

    /// <inheritdoc/>
    public long Length => replay.FileLength;

    /// <inheritdoc/>
    public bool CanWrite => false;

    /// <inheritdoc/>
    public void ReadAt(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset > Length - buffer.Length)
        {
            throw new DiskFormatException(
                DiskFormatDefect.Truncated, Structure, offset, $"{buffer.Length} bytes are wanted, and the file has {Length}.");
        }

        long end = offset + buffer.Length;
        for (int index = FirstEndingAfter(offset); offset < end; index++)
        {
            long gapEnd = index < replay.Writes.Count ? Math.Min(replay.Writes[index].Offset, end) : end;
            if (gapEnd > offset)
            {
                ReadUnchanged(offset, buffer.Slice(0, (int)(gapEnd - offset)));
                buffer = buffer.Slice((int)(gapEnd - offset));
                offset = gapEnd;
            }

            if (offset < end)
            {
                LogWrite write = replay.Writes[index];
                int count = (int)(Math.Min(write.End, end) - offset);
                if (write.Page is null)
                {
                    buffer.Slice(0, count).Clear();
                }
                else
                {
                    write.Page.AsSpan((int)(offset - write.Offset), count).CopyTo(buffer);
                }

                buffer = buffer.Slice(count);
                offset += count;
            }
        }
    }

    /// <inheritdoc/>
    public void WriteAt(long offset, ReadOnlySpan<byte> buffer) =>
        throw new InvalidOperationException("A file whose log was replayed in memory is only read.");

    /// <inheritdoc/>
    public void Flush()
    {
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void ReadUnchanged(long offset, Span<byte> buffer)
    {
        // The log may have made the file longer than it is on the host.
        int there = (int)Math.Max(0, Math.Min(buffer.Length, file.Length - offset));
        file.ReadAt(Math.Min(offset, file.Length), buffer.Slice(0, there));
        buffer.Slice(there).Clear();
    }

    private int FirstEndingAfter(long offset)
    {
        int low = 0;
        int high = replay.Writes.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (replay.Writes[middle].End > offset)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
