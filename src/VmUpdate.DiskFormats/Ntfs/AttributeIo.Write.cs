using System.Buffers;

namespace VmUpdate.DiskFormats.Ntfs;

/// <content>Writing. The caller has checked that the attribute may be written and marks the file as changed.</content>
internal static partial class AttributeIo
{
    // Up to here head, body and tail of a write that is not of whole sectors are put together and written at once.
    private const int MaxGathered = 256 * 1024;
    private const int ZeroChunk = 256 * 1024;
    private static readonly byte[] Zeros = new byte[ZeroChunk];

    /// <summary>Writes, and makes the attribute longer when it leads beyond its end.</summary>
    public static void Write(NtfsVolume volume, FileRecord file, NtfsAttribute attribute, long offset, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0)
        {
            return;
        }

        long end = offset + bytes.Length;
        if (end > attribute.Length)
        {
            SetLength(volume, file, attribute, end);
        }

        if (attribute.Value is { } value)
        {
            bytes.CopyTo(value.AsSpan((int)offset));
            return;
        }

        FillHoles(volume, attribute, offset, end);
        if (offset > attribute.InitializedSize)
        {
            WriteZeros(volume, attribute, attribute.InitializedSize, offset);
            attribute.InitializedSize = offset;
        }

        WriteClusters(volume, attribute, offset, bytes);
        attribute.InitializedSize = Math.Max(attribute.InitializedSize, end);
    }

    /// <summary>Sets the length; what is added reads as zero.</summary>
    public static void SetLength(NtfsVolume volume, FileRecord file, NtfsAttribute attribute, long length)
    {
        if (attribute.Value is { } value)
        {
            if (length <= value.Length || length <= RecordLayout.RoomForValue(volume, file, attribute))
            {
                byte[] resized = new byte[length];
                value.AsSpan(0, (int)Math.Min(length, value.Length)).CopyTo(resized);
                attribute.Value = resized;
                return;
            }

            MakeNonResident(volume, attribute);
        }

        if (length == 0)
        {
            MakeEmpty(volume, attribute);
            return;
        }

        long clusters = (length + volume.Geometry.ClusterSize - 1) / volume.Geometry.ClusterSize;
        RunList runs = attribute.Runs!;
        if (clusters > runs.Clusters)
        {
            Extend(volume, attribute, clusters - runs.Clusters);
        }
        else if (length < attribute.DataSize)
        {
            volume.Clusters.Free(runs.Truncate(clusters));
            AlignToUnit(attribute);
        }

        attribute.DataSize = length;
        attribute.InitializedSize = Math.Min(attribute.InitializedSize, length);
        attribute.AllocatedSize = runs.Clusters * volume.Geometry.ClusterSize;
    }

    /// <summary>Gives all clusters back and leaves an empty resident value, neither compressed nor sparse.</summary>
    public static void MakeEmpty(NtfsVolume volume, NtfsAttribute attribute)
    {
        if (attribute.Runs is { } runs)
        {
            volume.Clusters.Free(runs.Truncate(0));
        }

        attribute.Runs = null;
        attribute.Flags = 0;
        attribute.CompressionUnit = 0;
        attribute.AllocatedSize = 0;
        attribute.DataSize = 0;
        attribute.InitializedSize = 0;
        attribute.Value = [];
    }

    /// <summary>Moves a resident value to clusters of its own.</summary>
    public static void MakeNonResident(NtfsVolume volume, NtfsAttribute attribute)
    {
        byte[] value = attribute.Value!;
        long clusters = (value.Length + volume.Geometry.ClusterSize - 1L) / volume.Geometry.ClusterSize;
        List<Run> taken = clusters == 0 ? [] : volume.Clusters.Allocate(clusters, -1);
        attribute.Value = null;
        attribute.Runs = new RunList();
        attribute.IsIndexed = false;
        attribute.Flags = 0; // a resident value may carry the folder's compression flag; what is written here is plain
        taken.ForEach(run => attribute.Runs.Append(run.Lcn, run.Length));
        attribute.AllocatedSize = clusters * volume.Geometry.ClusterSize;
        attribute.DataSize = value.Length;
        attribute.InitializedSize = 0;
        if (value.Length > 0)
        {
            WriteClusters(volume, attribute, 0, value);
        }

        attribute.InitializedSize = value.Length;
    }

    /// <summary>Writes to clusters that the attribute has, beyond its initialized size too; reads what else is in the first and last sector.</summary>
    public static void WriteClusters(NtfsVolume volume, NtfsAttribute attribute, long offset, ReadOnlySpan<byte> bytes)
    {
        int sector = volume.Geometry.SectorSize;
        int head = (int)(offset % sector);
        int tail = (int)((offset + bytes.Length) % sector);
        if (head == 0 && tail == 0)
        {
            WriteSectors(volume, attribute.Runs!, offset, bytes);
        }
        else if (head + bytes.Length <= MaxGathered)
        {
            int count = (head + bytes.Length + sector - 1) / sector * sector;
            byte[] rented = ArrayPool<byte>.Shared.Rent(count);
            Span<byte> gathered = rented.AsSpan(0, count);
            long start = offset - head;
            ReadPlain(volume, attribute, start, gathered.Slice(0, sector));
            if (count > sector && tail != 0)
            {
                ReadPlain(volume, attribute, start + count - sector, gathered.Slice(count - sector));
            }

            bytes.CopyTo(gathered.Slice(head));
            WriteSectors(volume, attribute.Runs!, start, gathered);
            ArrayPool<byte>.Shared.Return(rented);
        }
        else
        {
            int first = head == 0 ? 0 : sector - head;
            int last = tail;
            if (first > 0)
            {
                WriteClusters(volume, attribute, offset, bytes.Slice(0, first));
            }

            WriteSectors(volume, attribute.Runs!, offset + first, bytes.Slice(first, bytes.Length - first - last));
            if (last > 0)
            {
                WriteClusters(volume, attribute, offset + bytes.Length - last, bytes.Slice(bytes.Length - last));
            }
        }
    }

    private static void WriteSectors(NtfsVolume volume, RunList runs, long offset, ReadOnlySpan<byte> bytes)
    {
        int clusterSize = volume.Geometry.ClusterSize;
        for (int i = runs.Find(offset / clusterSize); bytes.Length > 0; i++)
        {
            if (i >= runs.Count || runs[i].IsHole)
            {
                throw NtfsError.OutOfBounds("mapping pairs", -1, $"nothing to write to at byte {offset} of a stream.");
            }

            long inRun = offset - (runs[i].Vcn * clusterSize);
            int count = (int)Math.Min(bytes.Length, (runs[i].Length * clusterSize) - inRun);
            volume.Device.WriteAt((runs[i].Lcn * clusterSize) + inRun, bytes.Slice(0, count));
            bytes = bytes.Slice(count);
            offset += count;
        }
    }

    private static void Extend(NtfsVolume volume, NtfsAttribute attribute, long clusters)
    {
        RunList runs = attribute.Runs!;
        if (attribute.IsSparse)
        {
            runs.Append(Run.Hole, clusters);
        }
        else if (clusters > 0)
        {
            foreach (Run run in volume.Clusters.Allocate(clusters, HintBehind(runs, runs.Count - 1)))
            {
                runs.Append(run.Lcn, run.Length);
            }
        }

        AlignToUnit(attribute);
        attribute.AllocatedSize = runs.Clusters * volume.Geometry.ClusterSize;
    }

    private static void AlignToUnit(NtfsAttribute attribute)
    {
        if (attribute.IsSparse && attribute.CompressionUnit > 0)
        {
            long unit = 1L << attribute.CompressionUnit;
            attribute.Runs!.Append(Run.Hole, (unit - (attribute.Runs.Clusters % unit)) % unit);
        }
    }

    private static void FillHoles(NtfsVolume volume, NtfsAttribute attribute, long offset, long end)
    {
        int clusterSize = volume.Geometry.ClusterSize;
        RunList runs = attribute.Runs!;
        long vcn = offset / clusterSize;
        long last = (end + clusterSize - 1) / clusterSize;
        if (last > runs.Clusters)
        {
            throw NtfsError.OutOfBounds("mapping pairs", -1, $"byte {end - 1} of a stream of {runs.Clusters} clusters.");
        }

        while (vcn < last)
        {
            int index = runs.Find(vcn);
            Run run = runs[index];
            if (!run.IsHole)
            {
                vcn = run.End;
                continue;
            }

            long to = Math.Min(run.End, last);
            long hint = vcn > run.Vcn ? -1 : HintBehind(runs, index - 1);
            long filled = vcn;
            foreach (Run part in volume.Clusters.Allocate(to - vcn, hint))
            {
                runs.FillHole(filled, part.Lcn, part.Length);
                filled += part.Length;
            }

            // What the clusters held before must not show around what is written. Beyond the initialized size it does not anyway.
            WriteZeros(volume, attribute, vcn * clusterSize, Math.Min(offset, attribute.InitializedSize));
            WriteZeros(volume, attribute, Math.Max(end, vcn * clusterSize), Math.Min(to * clusterSize, attribute.InitializedSize));
            vcn = to;
        }
    }

    private static void WriteZeros(NtfsVolume volume, NtfsAttribute attribute, long from, long to)
    {
        int clusterSize = volume.Geometry.ClusterSize;
        while (from < to)
        {
            Run run = attribute.Runs![attribute.Runs.Find(from / clusterSize)];
            long end = Math.Min(to, run.End * clusterSize);
            if (!run.IsHole)
            {
                end = Math.Min(end, from + ZeroChunk);
                WriteClusters(volume, attribute, from, Zeros.AsSpan(0, (int)(end - from)));
            }

            from = end;
        }
    }

    private static long HintBehind(RunList runs, int index)
    {
        for (; index >= 0; index--)
        {
            if (!runs[index].IsHole)
            {
                return runs[index].Lcn + runs[index].Length;
            }
        }

        return -1;
    }
}
