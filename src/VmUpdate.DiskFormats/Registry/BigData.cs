using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>Data too long for one cell, kept in segments.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes, from the start of the cell's content:
/// <code>
///  0    2  Signature  "db"
///  2    2  Count      of segments
///  4    4  List       offset of a list of offsets, one for each segment
/// </code>
/// A segment holds 16,344 bytes, the last one what is left.
/// </remarks>
internal static class BigData
{
    public const int FixedSize = 8;

    /// <summary>How many segments data is kept in.</summary>
    /// <param name="size">The data's size, in bytes.</param>
    /// <returns>Their number.</returns>
    public static int SegmentCount(int size) => (int)(((long)size + HiveFormat.BigDataSegment - 1) / HiveFormat.BigDataSegment);

    /// <summary>Puts the data together.</summary>
    /// <param name="cells">The hive.</param>
    /// <param name="offset">The db cell.</param>
    /// <param name="size">The data's size, in bytes; no greater than the hive.</param>
    /// <param name="buffer">Receives the data; grown when it is too short.</param>
    /// <returns>The data.</returns>
    public static ReadOnlySpan<byte> Read(HiveCells cells, uint offset, int size, ref byte[] buffer)
    {
        int list = OpenList(cells, offset, size, out int count);

        // Every segment is looked at before anything is allocated for what they claim to hold.
        for (int i = 0; i < count; i++)
        {
            cells.Open(cells.Pages.ReadUInt32(list + (4 * i)), HiveFormat.BigDataName, SegmentSize(size, i), out _);
        }

        if (buffer.Length < size)
        {
            buffer = new byte[size];
        }

        for (int i = 0; i < count; i++)
        {
            int length = SegmentSize(size, i);
            int start = cells.Open(cells.Pages.ReadUInt32(list + (4 * i)), HiveFormat.BigDataName, length, out _);
            cells.Pages.Read(start, length).CopyTo(buffer.AsSpan(i * HiveFormat.BigDataSegment));
        }

        return buffer.AsSpan(0, size);
    }

    /// <summary>Finds the list of segments.</summary>
    /// <param name="cells">The hive.</param>
    /// <param name="offset">The db cell.</param>
    /// <param name="size">The data's size, in bytes.</param>
    /// <param name="count">How many segments there are.</param>
    /// <returns>Where the list's content starts.</returns>
    public static int OpenList(HiveCells cells, uint offset, int size, out int count)
    {
        ReadOnlySpan<byte> record = cells.Read(offset, HiveFormat.Db, HiveFormat.BigDataName, FixedSize, out _);
        count = BinaryPrimitives.ReadUInt16LittleEndian(record.Slice(2));
        uint list = BinaryPrimitives.ReadUInt32LittleEndian(record.Slice(4));
        return count != SegmentCount(size)
            ? throw HiveFormat.Bad(
                DiskFormatDefect.Inconsistent, HiveFormat.BigDataName, offset, $"it has {count} segments, and {size} bytes take {SegmentCount(size)}.")
            : cells.Open(list, HiveFormat.BigDataName, 4 * count, out _);
    }

    /// <summary>The size of a segment.</summary>
    /// <param name="size">The data's size, in bytes.</param>
    /// <param name="index">Which segment.</param>
    /// <returns>Its size, in bytes.</returns>
    public static int SegmentSize(int size, int index) => Math.Min(HiveFormat.BigDataSegment, size - (index * HiveFormat.BigDataSegment));
}
