using System.Buffers;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>Reads the bytes of an attribute, wherever they are.</summary>
internal static partial class AttributeIo
{
    /// <summary>The whole value of a small attribute.</summary>
    public static byte[] ReadAll(NtfsVolume volume, NtfsAttribute attribute)
    {
        if (attribute.Value is { } value)
        {
            return value;
        }

        if (attribute.DataSize > NtfsLimits.MaxWholeAttribute)
        {
            throw NtfsError.LimitExceeded(
                "attribute", -1, $"0x{(uint)attribute.Type:X} has {attribute.DataSize} bytes; at most {NtfsLimits.MaxWholeAttribute} are supported.");
        }

        byte[] bytes = new byte[attribute.DataSize];
        ReadPlain(volume, attribute, 0, bytes);
        return bytes;
    }

    /// <summary>Reads from an attribute that is neither compressed nor encrypted; the range lies inside it.</summary>
    public static void ReadPlain(NtfsVolume volume, NtfsAttribute attribute, long offset, Span<byte> target)
    {
        if (attribute.Value is { } value)
        {
            value.AsSpan((int)offset, target.Length).CopyTo(target);
            return;
        }

        long initialized = Math.Max(0, Math.Min(target.Length, attribute.InitializedSize - offset));
        target.Slice((int)initialized).Clear();
        ReadClusters(volume, attribute.Runs!, offset, target.Slice(0, (int)initialized));
    }

    /// <summary>Reads from an attribute whose clusters are packed; the range lies inside it.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="attribute">The attribute.</param>
    /// <param name="offset">Where, in bytes.</param>
    /// <param name="target">Filled whole.</param>
    /// <param name="cache">The unit that was unpacked last, kept by the caller: readers ask for one unit in many pieces.</param>
    public static void ReadCompressed(NtfsVolume volume, NtfsAttribute attribute, long offset, Span<byte> target, ref UnpackedUnit? cache)
    {
        long initialized = Math.Max(0, Math.Min(target.Length, attribute.InitializedSize - offset));
        target.Slice((int)initialized).Clear();
        target = target.Slice(0, (int)initialized);
        int unitSize = volume.Geometry.ClusterSize << attribute.CompressionUnit;
        while (target.Length > 0)
        {
            long unit = offset / unitSize;
            int within = (int)(offset % unitSize);
            int count = Math.Min(target.Length, unitSize - within);
            UnpackedUnit? current = cache;
            if (current is null || current.Number != unit)
            {
                current = Unpack(volume, attribute, unit, unitSize);
                cache = current;
            }

            current.Bytes.AsSpan(within, count).CopyTo(target);
            target = target.Slice(count);
            offset += count;
        }
    }

    private static UnpackedUnit Unpack(NtfsVolume volume, NtfsAttribute attribute, long unit, int unitSize)
    {
        RunList runs = attribute.Runs!;
        int clusterSize = volume.Geometry.ClusterSize;
        long firstVcn = unit << attribute.CompressionUnit;
        long unitClusters = Math.Min(1L << attribute.CompressionUnit, runs.Clusters - firstVcn);
        long stored = 0;
        for (int i = runs.Find(firstVcn); i < runs.Count && runs[i].Vcn < firstVcn + unitClusters && !runs[i].IsHole; i++)
        {
            stored = Math.Min(runs[i].End, firstVcn + unitClusters) - firstVcn;
        }

        byte[] bytes = new byte[unitSize];
        if (stored == unitClusters)
        {
            ReadClusters(volume, runs, firstVcn * clusterSize, bytes.AsSpan(0, (int)(stored * clusterSize))); // it did not get smaller: stored as it is
        }
        else if (stored > 0)
        {
            int packedSize = (int)(stored * clusterSize);
            byte[] packed = ArrayPool<byte>.Shared.Rent(packedSize);
            ReadClusters(volume, runs, firstVcn * clusterSize, packed.AsSpan(0, packedSize));
            Lznt1.Decompress(packed.AsSpan(0, packedSize), bytes, runs[runs.Find(firstVcn)].Lcn * clusterSize);
            ArrayPool<byte>.Shared.Return(packed);
        }

        return new UnpackedUnit(unit, bytes);
    }

    private static void ReadClusters(NtfsVolume volume, RunList runs, long offset, Span<byte> target)
    {
        if (target.Length == 0)
        {
            return;
        }

        int clusterSize = volume.Geometry.ClusterSize;
        if (offset / clusterSize >= runs.Clusters)
        {
            throw NtfsError.OutOfBounds("mapping pairs", -1, $"byte {offset} of a stream of {runs.Clusters} clusters.");
        }

        for (int i = runs.Find(offset / clusterSize); target.Length > 0; i++)
        {
            if (i >= runs.Count)
            {
                throw NtfsError.OutOfBounds("mapping pairs", -1, $"byte {offset} of a stream of {runs.Clusters} clusters.");
            }

            Run run = runs[i];
            long inRun = offset - (run.Vcn * clusterSize);
            int count = (int)Math.Min(target.Length, (run.Length * clusterSize) - inRun);
            if (run.IsHole)
            {
                target.Slice(0, count).Clear();
            }
            else
            {
                volume.Device.ReadAt((run.Lcn * clusterSize) + inRun, target.Slice(0, count));
            }

            target = target.Slice(count);
            offset += count;
        }
    }
}
