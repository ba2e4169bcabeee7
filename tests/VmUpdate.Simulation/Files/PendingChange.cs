namespace VmUpdate.Simulation.Files;

/// <summary>A change that the host was not told to make durable: a crash may keep it, lose it, or tear it.</summary>
internal sealed class PendingChange
{
    private const int TornUnit = 512;

    /// <summary>A write of bytes, or a new length when <see cref="Bytes"/> is missing.</summary>
    internal required CrashInode? Inode { get; init; }

    internal byte[]? Bytes { get; init; }

    /// <summary>Where the bytes go, or the new length.</summary>
    internal long Offset { get; init; }

    /// <summary>A change of a folder's entries.</summary>
    internal Action<Dictionary<string, CrashInode>>? Entries { get; init; }

    internal required string What { get; init; }

    internal bool CanTear => Bytes is { Length: > TornUnit };

    internal void Apply(SparseBytes content)
    {
        if (Bytes is null)
        {
            content.SetLength(Offset);
        }
        else
        {
            content.Write(Offset, Bytes);
        }
    }

    /// <summary>Applies some of the 512-byte parts only.</summary>
    internal void ApplyTorn(SparseBytes content, Random random)
    {
        byte[] bytes = Bytes!;
        for (int start = 0; start < bytes.Length;)
        {
            // Devices tear at their own sectors, not at the write's start.
            int end = Math.Min(bytes.Length, start + TornUnit - (int)((Offset + start) % TornUnit));
            if (random.Next(2) == 0)
            {
                content.Write(Offset + start, bytes.AsSpan(start, end - start));
            }

            start = end;
        }
    }
}
