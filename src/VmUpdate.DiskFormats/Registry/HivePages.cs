using System.Buffers;
using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>
/// The hive bins of a hive, read from its file page by page as they are asked for, and changed in memory only. Who reads much
/// is read ahead for: after <see cref="FewMisses"/> pages a miss fetches the whole chunk. Not for use by two threads at once.
/// </summary>
internal sealed class HivePages : IDisposable
{
    private const int PageShift = 12;

    // Chunks come from the shared pool, which keeps a few dozen of each size: so a great hive takes great ones, up to the pool's
    // greatest on the older framework, and a small one does not take a megabyte for a page.
    private const int LeastChunkShift = 16;
    private const int GreatestChunkShift = 20;
    private const int ChunksWanted = 32;

    // A look-up of a handful of values stays below; a walk pays 1 MiB in single pages at most.
    private const int FewMisses = 256;

    private readonly IBlockFile _file;
    private readonly int _chunkShift;
    private byte[]?[] _chunks;
    private bool[] _whole;
    private bool[] _present;
    private bool[] _dirty;
    private int _misses;
    private bool _disposed;

    public HivePages(IBlockFile file, int length)
    {
        _file = file;
        _chunkShift = LeastChunkShift;
        while (_chunkShift < GreatestChunkShift && length >> _chunkShift > ChunksWanted)
        {
            _chunkShift++;
        }

        Length = length;
        int chunks = ChunksFor(length);
        _chunks = new byte[chunks][];
        _whole = new bool[chunks];
        _present = new bool[chunks * PagesPerChunk];
        _dirty = new bool[chunks * PagesPerChunk];
    }

    /// <summary>The size of the hive bins, in bytes; a multiple of the page size.</summary>
    public int Length { get; private set; }

    private int ChunkSize => 1 << _chunkShift;

    private int PagesPerChunk => 1 << (_chunkShift - PageShift);

    /// <summary>Every page asked for from now on brings its chunk along.</summary>
    public void ReadAhead() => _misses = FewMisses;

    /// <summary>The bytes at an offset. They stay valid until the next call that reads or writes.</summary>
    /// <param name="offset">From the start of the hive bins.</param>
    /// <param name="length">How many.</param>
    /// <returns>A view of the cached pages; a copy where the range crosses two chunks.</returns>
    /// <exception cref="DiskFormatException">The range leads out of the hive bins.</exception>
    public ReadOnlySpan<byte> Read(int offset, int length)
    {
        if (offset < 0 || length < 0 || length > Length - offset)
        {
            throw Outside(offset, length);
        }

        int chunk = offset >> _chunkShift;
        int inner = offset & (ChunkSize - 1);
        if (inner + length > ChunkSize)
        {
            return ReadAcross(offset, length);
        }

        if (!_whole[chunk])
        {
            Load(chunk, inner, length);
        }

        return new ReadOnlySpan<byte>(_chunks[chunk], inner, length);
    }

    public int ReadInt32(int offset) => BinaryPrimitives.ReadInt32LittleEndian(Read(offset, 4));

    public uint ReadUInt32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(Read(offset, 4));

    public ushort ReadUInt16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(Read(offset, 2));

    /// <summary>Changes bytes in memory and marks their pages as changed.</summary>
    /// <param name="offset">From the start of the hive bins.</param>
    /// <param name="bytes">What to put there.</param>
    public void Write(int offset, ReadOnlySpan<byte> bytes)
    {
        if (offset < 0 || bytes.Length > Length - offset)
        {
            throw Outside(offset, bytes.Length);
        }

        while (!bytes.IsEmpty)
        {
            int chunk = offset >> _chunkShift;
            int inner = offset & (ChunkSize - 1);
            int count = Math.Min(bytes.Length, ChunkSize - inner);
            Load(chunk, inner, count);
            bytes.Slice(0, count).CopyTo(_chunks[chunk].AsSpan(inner));
            for (int page = offset >> PageShift; page <= (offset + count - 1) >> PageShift; page++)
            {
                _dirty[page] = true;
            }

            bytes = bytes.Slice(count);
            offset += count;
        }
    }

    public void WriteInt32(int offset, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        Write(offset, bytes);
    }

    public void WriteUInt32(int offset, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Write(offset, bytes);
    }

    public void WriteUInt16(int offset, ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        Write(offset, bytes);
    }

    /// <summary>Sets the size of the hive bins; pages beyond the file's end read as zero.</summary>
    /// <param name="length">The new size, in bytes.</param>
    public void Resize(int length)
    {
        int chunks = ChunksFor(length);
        if (chunks > _chunks.Length)
        {
            int room = Math.Max(chunks, Math.Min(_chunks.Length * 2, ChunksFor(HiveFormat.MaxBinsSize)));
            Array.Resize(ref _chunks, room);
            Array.Resize(ref _whole, room);
            Array.Resize(ref _present, room * PagesPerChunk);
            Array.Resize(ref _dirty, room * PagesPerChunk);
        }

        for (int page = length >> PageShift; page < Length >> PageShift; page++)
        {
            _dirty[page] = false;
        }

        Length = length;
    }

    /// <summary>The offset of the first changed page at or after an offset.</summary>
    /// <param name="offset">Where to look from; a multiple of the page size.</param>
    /// <returns>Its offset, or -1.</returns>
    public int NextDirty(int offset)
    {
        int found = offset >= Length ? -1 : Array.IndexOf(_dirty, true, offset >> PageShift, (Length - offset) >> PageShift);
        return found < 0 ? -1 : found << PageShift;
    }

    /// <summary>How many pages are changed.</summary>
    /// <returns>Their number.</returns>
    public int CountDirty()
    {
        int count = 0;
        for (int offset = NextDirty(0); offset >= 0; offset = NextDirty(offset + HiveFormat.PageSize))
        {
            count++;
        }

        return count;
    }

    /// <summary>Writes the changed pages to the file, neighbours in one call.</summary>
    public void WriteDirty()
    {
        int offset = NextDirty(0);
        while (offset >= 0)
        {
            int end = offset + HiveFormat.PageSize;
            while (end < Length && _dirty[end >> PageShift] && (end & (ChunkSize - 1)) != 0)
            {
                end += HiveFormat.PageSize;
            }

            _file.WriteAt(HiveFormat.BinsStart + (long)offset, Read(offset, end - offset));
            offset = NextDirty(end);
        }
    }

    /// <summary>Forgets which pages are changed.</summary>
    public void MarkClean() => Array.Clear(_dirty, 0, _dirty.Length);

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        for (int i = 0; i < _chunks.Length; i++)
        {
            if (_chunks[i] is { } chunk)
            {
                ArrayPool<byte>.Shared.Return(chunk);
                _chunks[i] = null;
            }
        }

        // Whoever reads on meets an empty hive, never bytes that the pool gave to another.
        Length = 0;
    }

    private int ChunksFor(int length) => (int)(((long)length + ChunkSize - 1) >> _chunkShift);

    private static DiskFormatException Outside(int offset, int length) => HiveFormat.Bad(
        DiskFormatDefect.OutOfBounds, "hive bins", offset, $"{length} bytes there lead out of the hive.");

    private byte[] ReadAcross(int offset, int length)
    {
        byte[] copy = new byte[length];
        for (int done = 0; done < length;)
        {
            int count = Math.Min(length - done, ChunkSize - ((offset + done) & (ChunkSize - 1)));
            Read(offset + done, count).CopyTo(copy.AsSpan(done));
            done += count;
        }

        return copy;
    }

    private void Load(int chunk, int inner, int length)
    {
        if (_disposed)
        {
            throw new ObjectDisposedException(nameof(RegistryHive));
        }

        byte[] bytes = _chunks[chunk] ??= ArrayPool<byte>.Shared.Rent(ChunkSize);
        int firstPage = chunk * PagesPerChunk;
        int first = firstPage + (inner >> PageShift);
        int last = firstPage + ((inner + Math.Max(length, 1) - 1) >> PageShift);
        if (Array.IndexOf(_present, false, first, last - first + 1) < 0)
        {
            return;
        }

        bool all = ++_misses > FewMisses;
        if (all)
        {
            first = firstPage;
            last = firstPage + PagesPerChunk - 1;
        }

        for (int page = first; page <= last; page++)
        {
            int end = page;
            while (end <= last && !_present[end])
            {
                _present[end++] = true;
            }

            if (end > page)
            {
                Fetch((long)page << PageShift, bytes.AsSpan((page - firstPage) << PageShift, (end - page) << PageShift));
                page = end;
            }
        }

        _whole[chunk] = all;
    }

    private void Fetch(long offset, Span<byte> target)
    {
        long position = HiveFormat.BinsStart + offset;
        int inFile = (int)Math.Min(target.Length, Math.Max(0, _file.Length - position));
        if (inFile > 0)
        {
            _file.ReadAt(position, target.Slice(0, inFile));
        }

        target.Slice(inFile).Clear();
    }
}
