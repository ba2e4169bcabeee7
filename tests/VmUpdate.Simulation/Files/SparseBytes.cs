namespace VmUpdate.Simulation.Files;

/// <summary>Bytes of a file in memory; what was never written takes no room. A copy shares pages until one side changes them.</summary>
public sealed class SparseBytes
{
    private const int PageSize = 4096;
    private static readonly byte[] Zeros = new byte[PageSize];
    private readonly Dictionary<long, byte[]> _pages;
    private readonly HashSet<long> _own = [];

    public SparseBytes() => _pages = [];

    private SparseBytes(SparseBytes other)
    {
        _pages = new Dictionary<long, byte[]>(other._pages);
        Length = other.Length;
    }

    public long Length { get; private set; }

    /// <summary>How many bytes the file takes on a file system with holes.</summary>
    public long Allocated => (long)_pages.Count * PageSize;

    public SparseBytes Copy()
    {
        _own.Clear();
        return new SparseBytes(this);
    }

    public bool HasSameBytes(SparseBytes other) => _pages.Keys.Union(other._pages.Keys).All(page =>
        _pages.GetValueOrDefault(page, Zeros).AsSpan().SequenceEqual(other._pages.GetValueOrDefault(page, Zeros)));

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int within = (int)(offset % PageSize);
            int count = Math.Min(buffer.Length, PageSize - within);
            if (_pages.TryGetValue(offset / PageSize, out byte[]? page))
            {
                page.AsSpan(within, count).CopyTo(buffer);
            }
            else
            {
                buffer[..count].Clear();
            }

            offset += count;
            buffer = buffer[count..];
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        Length = Math.Max(Length, offset + bytes.Length);
        while (bytes.Length > 0)
        {
            int within = (int)(offset % PageSize);
            int count = Math.Min(bytes.Length, PageSize - within);
            bytes[..count].CopyTo(PageToChange(offset / PageSize).AsSpan(within));
            offset += count;
            bytes = bytes[count..];
        }
    }

    public void SetLength(long length)
    {
        if (length < Length)
        {
            foreach (long page in _pages.Keys.Where(page => page * PageSize >= length).ToArray())
            {
                _pages.Remove(page);
                _own.Remove(page);
            }

            if (length % PageSize != 0 && _pages.ContainsKey(length / PageSize))
            {
                PageToChange(length / PageSize).AsSpan((int)(length % PageSize)).Clear();
            }
        }

        Length = length;
    }

    private byte[] PageToChange(long page)
    {
        if (_own.Add(page))
        {
            _pages[page] = _pages.TryGetValue(page, out byte[]? shared) ? (byte[])shared.Clone() : new byte[PageSize];
        }

        return _pages[page];
    }
}
