using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>
/// Copies a volume without what no file holds: free clusters, what lies behind a file's end, unused file records and the unused part of
/// the used ones, the journal. So nothing that was deleted on the volume is in the copy.
/// </summary>
internal sealed class VolumeCopy(NtfsVolume volume, IBlockDevice target, Action<int>? progress, CancellationToken cancellation)
{
    private const int ChunkSize = 1024 * 1024;

    // Pieces that are all zero are not written, so that a dynamic disk does not grow by them.
    private const int PieceSize = 64 * 1024;

    private static readonly byte[] ZeroPiece = new byte[PieceSize];
    private readonly byte[] _buffer = new byte[ChunkSize];

    /// <summary>Copies. The target reads as zero throughout.</summary>
    public void Run()
    {
        long clusterBytes = volume.Geometry.ClusterCount * volume.Geometry.ClusterSize;
        NtfsAttribute table = volume.Files.Get(WellKnownRecord.Mft).Require(AttributeType.Data);
        NtfsAttribute journal = volume.Files.Get(WellKnownRecord.LogFile).Require(AttributeType.Data);
        List<(long From, long To)> left = FindSlack(table);
        AddRuns(left, table, 0);
        AddRuns(left, journal, 0);
        NtfsAttribute mirror = volume.Files.Get(WellKnownRecord.MftMirror).Require(AttributeType.Data);
        AddRuns(left, mirror, 0);
        CopyUsed(Merge(left));
        CopyTable(table, mirror);
        BlankJournal(journal);

        // The backup boot sector, behind the last cluster.
        Copy(clusterBytes, volume.Device.Length - clusterBytes);
    }

    private void AddRuns(List<(long From, long To)> ranges, NtfsAttribute attribute, long offset)
    {
        if (attribute.Runs is not { } runs)
        {
            return;
        }

        long size = volume.Geometry.ClusterSize;
        for (int i = 0; i < runs.Count; i++)
        {
            Run run = runs[i];
            long skipped = Math.Min(Math.Max(0, offset - (run.Vcn * size)), run.Length * size);
            if (!run.IsHole && skipped < run.Length * size)
            {
                ranges.Add(((run.Lcn * size) + skipped, (run.Lcn + run.Length) * size));
            }
        }
    }

    /// <summary>What clusters of files hold behind the file's end, or behind what was ever written of it.</summary>
    private List<(long From, long To)> FindSlack(NtfsAttribute table)
    {
        var slack = new List<(long From, long To)>();
        for (long number = WellKnownRecord.FirstUser; number < table.InitializedSize / volume.Geometry.RecordSize; number++)
        {
            if (!volume.Files.IsGivenOut(number) || !volume.Files.IsBaseRecord(number))
            {
                continue;
            }

            cancellation.ThrowIfCancellationRequested();
            foreach (NtfsAttribute attribute in volume.Files.Get(number).Attributes)
            {
                if (attribute.Type == AttributeType.Data && !attribute.IsResident && !attribute.IsCompressed)
                {
                    AddRuns(slack, attribute, Math.Min(attribute.InitializedSize, attribute.DataSize));
                }
            }

            volume.Files.Trim();
        }

        return slack;
    }

    private static List<(long From, long To)> Merge(List<(long From, long To)> ranges)
    {
        ranges.Sort();
        var merged = new List<(long From, long To)>();
        foreach ((long from, long to) in ranges)
        {
            if (merged.Count > 0 && merged[merged.Count - 1].To >= from)
            {
                merged[merged.Count - 1] = (merged[merged.Count - 1].From, Math.Max(to, merged[merged.Count - 1].To));
            }
            else
            {
                merged.Add((from, to));
            }
        }

        return merged;
    }

    private void CopyUsed(List<(long From, long To)> left)
    {
        int next = 0;
        int size = volume.Geometry.ClusterSize;
        long used = (volume.Geometry.ClusterCount - volume.Clusters.FreeClusters) * size;
        long before = 0;
        foreach ((long lcn, long length) in volume.Clusters.UsedRuns())
        {
            long end = (lcn + length) * size;
            for (long at = lcn * size; at < end;)
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Invoke((int)((before + at - (lcn * size)) * 100 / used));
                while (next < left.Count && left[next].To <= at)
                {
                    next++;
                }

                if (next < left.Count && left[next].From <= at && left[next].To >= Math.Min(end, at + size))
                {
                    at = Math.Min(end, Math.Max(at + size, left[next].To / size * size)); // whole clusters of it are not even read
                    continue;
                }

                int count = (int)Math.Min(ChunkSize, end - at);
                volume.Device.ReadAt(at, _buffer.AsSpan(0, count));
                for (int i = next; i < left.Count && left[i].From < at + count; i++)
                {
                    int from = (int)(Math.Max(left[i].From, at) - at);
                    int to = (int)(Math.Min(left[i].To, at + count) - at);
                    Array.Clear(_buffer, from, to - from);
                }

                WriteNonZero(at, _buffer.AsSpan(0, count));
                at += count;
            }

            before += length * size;
        }
    }

    private void CopyTable(NtfsAttribute table, NtfsAttribute mirror)
    {
        int size = volume.Geometry.RecordSize;
        long records = table.InitializedSize / size;
        int perChunk = ChunkSize / size;
        for (long first = 0; first < records; first += perChunk)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = (int)Math.Min(perChunk, records - first);
            Span<byte> chunk = _buffer.AsSpan(0, count * size);
            AttributeIo.ReadPlain(volume, table, first * size, chunk);
            for (int i = 0; i < count; i++)
            {
                // Nothing of anybody's is in the volume's own records.
                if (first + i >= WellKnownRecord.FirstUser)
                {
                    Clean(first + i, chunk.Slice(i * size, size));
                }
            }

            WriteMapped(table, first * size, chunk);
            if (first == 0 && !mirror.IsResident)
            {
                // Byte-equal, update sequence included, or other readers refuse the volume.
                WriteMapped(mirror, 0, chunk.Slice(0, (int)Math.Min(chunk.Length, mirror.DataSize)));
            }
        }
    }

    private void Clean(long number, Span<byte> record)
    {
        bool isUsed = volume.Files.IsGivenOut(number);
        if (!FileRecordHeader.HasSignature(record))
        {
            record.Clear();
            return;
        }

        FileRecordHeader header;
        try
        {
            header = FileRecordHeader.Read(record, number * volume.Geometry.RecordSize);
        }
        catch (DiskFormatException) when (!isUsed)
        {
            record.Clear(); // nobody uses it: whoever takes it writes it anew
            return;
        }

        int end = header.BytesUsed;
        if (!isUsed)
        {
            end = header.AttributesOffset + 8;
            BinaryPrimitives.WriteUInt64LittleEndian(record.Slice(header.AttributesOffset), (uint)AttributeType.End);
            BinaryPrimitives.WriteInt32LittleEndian(record.Slice(24), end);
        }

        record.Slice(end).Clear();
        UpdateSequence.Protect(record);
    }

    private void BlankJournal(NtfsAttribute journal)
    {
        // All ones: a journal that was never used. It held the last changes of file records, small files' bytes among them.
        _buffer.AsSpan().Fill(0xFF);
        long length = journal.Runs is { } runs ? runs.Clusters * volume.Geometry.ClusterSize : 0;
        for (long at = 0; at < length; at += ChunkSize)
        {
            WriteMapped(journal, at, _buffer.AsSpan(0, (int)Math.Min(ChunkSize, length - at)));
        }
    }

    private void Copy(long offset, long length)
    {
        for (long done = 0; done < length; done += ChunkSize)
        {
            Span<byte> chunk = _buffer.AsSpan(0, (int)Math.Min(ChunkSize, length - done));
            volume.Device.ReadAt(offset + done, chunk);
            WriteNonZero(offset + done, chunk);
        }
    }

    private void WriteMapped(NtfsAttribute attribute, long offset, ReadOnlySpan<byte> bytes)
    {
        int size = volume.Geometry.ClusterSize;
        while (!bytes.IsEmpty)
        {
            Run run = attribute.Runs![attribute.Runs.Find(offset / size)];
            int count = (int)Math.Min(bytes.Length, (run.End * size) - offset);
            WriteNonZero((run.Lcn * size) + offset - (run.Vcn * size), bytes.Slice(0, count));
            offset += count;
            bytes = bytes.Slice(count);
        }
    }

    private void WriteNonZero(long offset, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(PieceSize, bytes.Length);
            if (!bytes.Slice(0, count).SequenceEqual(ZeroPiece.AsSpan(0, count)))
            {
                target.WriteAt(offset, bytes.Slice(0, count));
            }

            offset += count;
            bytes = bytes.Slice(count);
        }
    }
}
