using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity;

/// <summary>
/// A bundle's bytes before a store has kept them: registry values in memory, streams of files still on the old disk, so that user
/// data of many gigabytes is never held at once; or parts of another bundle.
/// </summary>
internal sealed class LivePayload : IBundlePayload
{
    private readonly List<Part> _parts = [];
    private (Part Part, IBlockFile Stream)? _open;

    public long Length { get; private set; }

    /// <returns>Where the bytes start.</returns>
    public long Add(byte[] bytes) => Add(new Part(Length, bytes.Length, (byte[])bytes.Clone(), null, GuestPath.Root, string.Empty));

    public void Add(NtfsVolume volume, GuestPath path, string stream, long length) =>
        Add(new Part(Length, length, null, volume, path, stream));

    /// <param name="from">The payload of another bundle, which stays its own.</param>
    /// <param name="offset">Where in it the bytes start.</param>
    /// <param name="length">How many they are.</param>
    /// <returns>Where they start here.</returns>
    public long Add(IBundlePayload from, long offset, long length) =>
        Add(new Part(Length, length, null, null, GuestPath.Root, string.Empty) { From = from, FromOffset = offset });

    public void Read(long offset, Span<byte> buffer)
    {
        int index = IndexOf(offset);
        while (buffer.Length > 0)
        {
            Part part = _parts[index++];
            long inPart = offset - part.Offset;
            int count = (int)Math.Min(buffer.Length, part.Length - inPart);
            if (count > 0)
            {
                ReadPart(part, inPart, buffer.Slice(0, count));
            }

            buffer = buffer.Slice(count);
            offset += count;
        }
    }

    public void Dispose()
    {
        _open?.Stream.Dispose();
        _open = null;
        foreach (Part part in _parts)
        {
            if (part.Bytes is { } bytes)
            {
                Array.Clear(bytes, 0, bytes.Length);
            }
        }
    }

    private long Add(Part part)
    {
        _parts.Add(part);
        Length += part.Length;
        return part.Offset;
    }

    private int IndexOf(long offset)
    {
        int low = 0, high = _parts.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = _parts[middle].Offset <= offset ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private void ReadPart(Part part, long offset, Span<byte> buffer)
    {
        if (part.Bytes is { } bytes)
        {
            bytes.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
            return;
        }

        if (part.From is { } from)
        {
            from.Read(part.FromOffset + offset, buffer);
            return;
        }

        if (_open is not { } open || !ReferenceEquals(open.Part, part))
        {
            _open?.Stream.Dispose();
            open = (part, part.Volume!.OpenStream(part.Path, part.Stream));
            _open = open;
        }

        open.Stream.ReadAt(offset, buffer);
    }

    private sealed record Part(long Offset, long Length, byte[]? Bytes, NtfsVolume? Volume, GuestPath Path, string Stream)
    {
        public IBundlePayload? From { get; init; }

        public long FromOffset { get; init; }
    }
}
