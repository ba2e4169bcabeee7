namespace VmUpdate.DiskFormats.Registry;

/// <summary>The free cells of a hive by size, neighbours as one. The best fit is taken, and of those the first in the file.</summary>
internal sealed class FreeRuns
{
    // One class for each size up to here; above, one for each power of two.
    private const int ExactLimit = 1024;
    private const int ExactClasses = ExactLimit / 8;
    private const int Classes = ExactClasses + 22;

    private readonly SortedSet<int>?[] _byClass = new SortedSet<int>[Classes];
    private readonly Dictionary<int, int> _sizeByStart = [];
    private readonly Dictionary<int, int> _startByEnd = [];

    /// <summary>Remembers a run.</summary>
    /// <param name="start">Where it starts.</param>
    /// <param name="size">Its size, in bytes.</param>
    /// <exception cref="DiskFormatException">Another one starts or ends there: the hive names a cell inside a cell.</exception>
    public void Add(int start, int size)
    {
        if (_sizeByStart.ContainsKey(start) || _startByEnd.ContainsKey(start + size))
        {
            throw HiveFormat.Bad(DiskFormatDefect.Inconsistent, HiveFormat.CellName, start, $"the {size} bytes from there are free twice: cells overlap.");
        }

        _sizeByStart[start] = size;
        _startByEnd[start + size] = start;
        (_byClass[ClassOf(size)] ??= []).Add(start);
    }

    /// <summary>Takes a run out that is great enough.</summary>
    /// <param name="size">The least size, in bytes.</param>
    /// <param name="start">Where it starts.</param>
    /// <param name="runSize">Its size, in bytes.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTake(int size, out int start, out int runSize)
    {
        for (int i = ClassOf(size); i < Classes; i++)
        {
            if (_byClass[i] is not { Count: > 0 } found)
            {
                continue;
            }

            foreach (int candidate in found)
            {
                runSize = _sizeByStart[candidate];
                if (runSize >= size)
                {
                    start = candidate;
                    Remove(start, runSize);
                    return true;
                }
            }
        }

        start = 0;
        runSize = 0;
        return false;
    }

    /// <summary>Joins what becomes free with the runs beside it, which are taken out.</summary>
    /// <param name="start">Where it starts.</param>
    /// <param name="size">Its size, in bytes.</param>
    public void Merge(ref int start, ref int size)
    {
        // A bin's header lies between the last cell of one bin and the first of the next, so a run never crosses.
        if (_sizeByStart.TryGetValue(start + size, out int nextSize))
        {
            Remove(start + size, nextSize);
            size += nextSize;
        }

        if (_startByEnd.TryGetValue(start, out int previous))
        {
            int previousSize = start - previous;
            Remove(previous, previousSize);
            start = previous;
            size += previousSize;
        }
    }

    private static int ClassOf(int size)
    {
        if (size <= ExactLimit)
        {
            return (size / 8) - 1;
        }

        int power = 0;
        for (int left = size / ExactLimit; left > 1; left /= 2)
        {
            power++;
        }

        return ExactClasses + power;
    }

    private void Remove(int start, int size)
    {
        _sizeByStart.Remove(start);
        _startByEnd.Remove(start + size);
        _byClass[ClassOf(size)]!.Remove(start);
    }
}
