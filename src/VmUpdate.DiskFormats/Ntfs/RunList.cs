namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>Where the clusters of a non-resident attribute lie: runs in the stream's order, without gaps between them.</summary>
/// <remarks>
/// On disk "mapping pairs": a byte whose low and high nibble say how many bytes the length and the signed distance from the
/// last run's cluster take, then both; no distance: a hole; a zero byte ends. Every file record's pairs start from cluster 0.
/// </remarks>
internal sealed class RunList
{
    private const string Structure = "mapping pairs";
    private readonly List<Run> _runs = [];

    /// <summary>The number of runs.</summary>
    public int Count => _runs.Count;

    /// <summary>The length of all, in clusters.</summary>
    public long Clusters => _runs.Count == 0 ? 0 : _runs[_runs.Count - 1].End;

    /// <summary>A run.</summary>
    public Run this[int index] => _runs[index];

    /// <summary>The clusters that are not holes.</summary>
    public long CountAllocated()
    {
        long sum = 0;
        foreach (Run run in _runs)
        {
            sum += run.IsHole ? 0 : run.Length;
        }

        return sum;
    }

    /// <summary>The run that holds a cluster of the stream.</summary>
    /// <param name="vcn">The cluster, below <see cref="Clusters"/>.</param>
    public int Find(long vcn)
    {
        int low = 0;
        int high = _runs.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_runs[middle].Vcn <= vcn)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    /// <summary>Adds clusters behind the last.</summary>
    public void Append(long lcn, long length)
    {
        if (length == 0)
        {
            return;
        }

        int last = _runs.Count - 1;
        if (last >= 0 && Follows(_runs[last], lcn))
        {
            _runs[last] = new Run(_runs[last].Vcn, _runs[last].Lcn, _runs[last].Length + length);
            return;
        }

        _runs.Add(new Run(Clusters, lcn, length));
    }

    /// <summary>Cuts the list and hands back what had clusters behind the cut.</summary>
    public List<Run> Truncate(long clusters)
    {
        List<Run> freed = [];
        while (_runs.Count > 0 && Clusters > clusters)
        {
            Run run = _runs[_runs.Count - 1];
            _runs.RemoveAt(_runs.Count - 1);
            long keep = Math.Max(0, clusters - run.Vcn);
            if (!run.IsHole)
            {
                freed.Add(new Run(run.Vcn + keep, run.Lcn + keep, run.Length - keep));
            }

            if (keep > 0)
            {
                _runs.Add(new Run(run.Vcn, run.Lcn, keep));
                break;
            }
        }

        return freed;
    }

    /// <summary>Gives clusters to a part of a hole.</summary>
    /// <param name="vcn">The part's start; the part lies in one hole.</param>
    /// <param name="lcn">Where it is to lie.</param>
    /// <param name="length">The part's length, in clusters.</param>
    public void FillHole(long vcn, long lcn, long length)
    {
        int index = Find(vcn);
        Run hole = _runs[index];
        List<Run> parts = [];
        if (vcn > hole.Vcn)
        {
            parts.Add(new Run(hole.Vcn, Run.Hole, vcn - hole.Vcn));
        }

        parts.Add(new Run(vcn, lcn, length));
        if (vcn + length < hole.End)
        {
            parts.Add(new Run(vcn + length, Run.Hole, hole.End - vcn - length));
        }

        _runs.RemoveAt(index);
        _runs.InsertRange(index, parts);
        MergeAround(index, parts.Count);
    }

    /// <summary>Reads the mapping pairs of one file record and adds their runs.</summary>
    /// <param name="pairs">The bytes up to the attribute's end.</param>
    /// <param name="volumeClusters">The clusters the volume has.</param>
    /// <param name="place">The attribute's place, for failures.</param>
    public void AppendPairs(ReadOnlySpan<byte> pairs, long volumeClusters, long place)
    {
        long lcn = 0;
        int at = 0;
        while (at < pairs.Length && pairs[at] != 0)
        {
            int lengthBytes = pairs[at] & 0xF;
            int lcnBytes = pairs[at] >> 4;
            at++;
            if (lengthBytes is 0 or > 8 || lcnBytes > 8 || lengthBytes + lcnBytes > pairs.Length - at)
            {
                throw NtfsError.OutOfBounds(Structure, place, $"a pair of {lengthBytes} and {lcnBytes} bytes does not fit.");
            }

            long length = ReadSigned(pairs.Slice(at, lengthBytes));
            if (length <= 0 || length > (NtfsLimits.MaxStreamLength / 512) - Clusters)
            {
                throw NtfsError.OutOfBounds(Structure, place, $"a run of {length} clusters.");
            }

            if (lcnBytes == 0)
            {
                _runs.Add(new Run(Clusters, Run.Hole, length));
            }
            else
            {
                long distance = ReadSigned(pairs.Slice(at + lengthBytes, lcnBytes));
                if (distance < -volumeClusters || distance > volumeClusters || lcn + distance < 0 || length > volumeClusters - (lcn + distance))
                {
                    throw NtfsError.OutOfBounds(
                        Structure, place, $"{length} clusters, {distance} from cluster {lcn}, leave the volume's {volumeClusters} clusters.");
                }

                lcn += distance;
                _runs.Add(new Run(Clusters, lcn, length));
            }

            at += lengthBytes + lcnBytes;
        }
    }

    /// <summary>Writes the pairs of as many runs as fit, at most <paramref name="limit"/>.</summary>
    /// <param name="first">The first run.</param>
    /// <param name="target">Room, the ending zero byte included.</param>
    /// <param name="limit">How many runs at most.</param>
    /// <param name="written">The bytes used, the ending zero byte included.</param>
    /// <returns>How many runs were written.</returns>
    public int WritePairs(int first, Span<byte> target, int limit, out int written)
    {
        long lcn = 0;
        int at = 0;
        int index = first;
        for (; index < _runs.Count && index - first < limit; index++)
        {
            Run run = _runs[index];
            int lengthBytes = SignedSize(run.Length);
            int lcnBytes = run.IsHole ? 0 : SignedSize(run.Lcn - lcn);
            if (at + 1 + lengthBytes + lcnBytes + 1 > target.Length)
            {
                break;
            }

            target[at] = (byte)(lengthBytes | (lcnBytes << 4));
            WriteSigned(target.Slice(at + 1, lengthBytes), run.Length);
            if (!run.IsHole)
            {
                WriteSigned(target.Slice(at + 1 + lengthBytes, lcnBytes), run.Lcn - lcn);
                lcn = run.Lcn;
            }

            at += 1 + lengthBytes + lcnBytes;
        }

        target[at] = 0;
        written = at + 1;
        return index - first;
    }

    /// <summary>The bytes that all pairs take, the ending zero byte included.</summary>
    public int PairsSize()
    {
        long lcn = 0;
        int size = 1;
        foreach (Run run in _runs)
        {
            size += 1 + SignedSize(run.Length) + (run.IsHole ? 0 : SignedSize(run.Lcn - lcn));
            lcn = run.IsHole ? lcn : run.Lcn;
        }

        return size;
    }

    private static bool Follows(Run run, long lcn) => lcn == Run.Hole ? run.IsHole : !run.IsHole && run.Lcn + run.Length == lcn;

    private static int SignedSize(long value)
    {
        int size = 1;
        while (size < 8 && (value < -(1L << ((size * 8) - 1)) || value >= 1L << ((size * 8) - 1)))
        {
            size++;
        }

        return size;
    }

    private static long ReadSigned(ReadOnlySpan<byte> bytes)
    {
        long value = (bytes[bytes.Length - 1] & 0x80) != 0 ? -1 : 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            value = unchecked((value << 8) | bytes[i]);
        }

        return value;
    }

    private static void WriteSigned(Span<byte> target, long value)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = (byte)((value >> (i * 8)) & 0xFF);
        }
    }

    private void MergeAround(int index, int count)
    {
        for (int i = Math.Min(index + count, _runs.Count - 1); i > 0 && i >= index; i--)
        {
            if (Follows(_runs[i - 1], _runs[i].Lcn))
            {
                _runs[i - 1] = new Run(_runs[i - 1].Vcn, _runs[i - 1].Lcn, _runs[i - 1].Length + _runs[i].Length);
                _runs.RemoveAt(i);
            }
        }
    }
}
