using System.Diagnostics;

namespace VmUpdate.Fuzz;

/// <summary>
/// Runs cases one after the other. A case's number is its seed, so that each can be run again alone. Whatever comes out that is no
/// foreseen failure, takes too long or allocates too much is a finding.
/// </summary>
public sealed class FuzzRunner(FuzzTarget target, TextWriter output)
{
    /// <summary>The longest a case may take. Most take less than a millisecond; the machine may be busy.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(20);

    private long _current;
    private long _startedAt;
    private volatile bool _isDone;

    /// <summary>How many cases were run.</summary>
    public long Cases { get; private set; }

    /// <summary>How many cases ended in a failure that is foreseen.</summary>
    public long Refused { get; private set; }

    /// <summary>What was found, a line each.</summary>
    public List<string> Findings { get; } = [];

    /// <summary>Runs cases.</summary>
    /// <param name="seed">The first case.</param>
    /// <param name="count">How many at the most.</param>
    /// <param name="duration">How long at the most.</param>
    /// <returns>Whether nothing was found.</returns>
    public bool Run(long seed, long count, TimeSpan duration)
    {
        var worker = new Thread(() => Work(seed, count, duration), maxStackSize: 16 * 1024 * 1024) { IsBackground = true };
        Volatile.Write(ref _startedAt, Stopwatch.GetTimestamp());
        worker.Start();
        while (!worker.Join(TimeSpan.FromMilliseconds(100)))
        {
            if (!_isDone && Stopwatch.GetElapsedTime(Volatile.Read(ref _startedAt)) > TimeLimit)
            {
                Report(Volatile.Read(ref _current), $"takes longer than {TimeLimit.TotalSeconds} s");
                return false;
            }
        }

        return Findings.Count == 0;
    }

    private void Work(long seed, long count, TimeSpan duration)
    {
        long begin = Stopwatch.GetTimestamp();
        for (long i = 0; i < count && Findings.Count < 20 && Stopwatch.GetElapsedTime(begin) < duration; i++)
        {
            Volatile.Write(ref _current, seed + i);
            Volatile.Write(ref _startedAt, Stopwatch.GetTimestamp());
            RunOne(seed + i);
            Cases++;
        }

        _isDone = true;
    }

    private void RunOne(long seed)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.RunCase(new Random(HashCode(seed)));
        }
        catch (VmUpdateException)
        {
            Refused++;
        }
#pragma warning disable CA1031 // Every other exception is what is looked for.
        catch (Exception finding)
#pragma warning restore CA1031
        {
            string? place = finding.StackTrace?.Split('\n').FirstOrDefault();
            Report(seed, $"{finding.GetType().Name}: {finding.Message}{place?.TrimEnd()}");
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > target.AllocationLimit)
        {
            Report(seed, $"allocates {allocated} bytes");
        }
    }

    private void Report(long seed, string what)
    {
        string line = $"{target.Name} --seed {seed} --count 1: {what}";
        Findings.Add(line);
        output.WriteLine($"FINDING dotnet run --project tests/VmUpdate.Fuzz -c Release -- {line}");
    }

    // Neighbouring seeds give unlike cases.
    private static int HashCode(long seed) => unchecked((int)((ulong)seed * 0x9E3779B97F4A7C15UL >> 33));
}
