using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>The plain bytes of a sealed bundle, opened a segment at a time as they are asked for.</summary>
internal sealed class SealedPayload : IBundlePayload
{
    private readonly IBlockFile _file;
    private readonly SegmentSealer _sealer;
    private readonly int _segmentSize;
    private long _segment = -1;
    private readonly SecretBuffer _plain;

    public SealedPayload(IBlockFile file, SegmentSealer sealer, BundleHeader header)
    {
        _file = file;
        _sealer = sealer;
        _segmentSize = header.SegmentSize;
        _plain = sealer.CreateBuffer();
        Length = header.PlainLength;
    }

    public long Length { get; }

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            Load(offset / _segmentSize);
            int inSegment = (int)(offset % _segmentSize);
            int count = Math.Min(buffer.Length, _sealer.PlainSize(_segment) - inSegment);
            _plain.Span.Slice(inSegment, count).CopyTo(buffer);
            buffer = buffer.Slice(count);
            offset += count;
        }
    }

    public void Dispose()
    {
        _plain.Dispose();
        _sealer.Dispose();
        _file.Dispose();
    }

    private void Load(long segment)
    {
        if (segment == _segment)
        {
            return;
        }

        var found = new byte[SegmentSealer.SealedSize(_sealer.PlainSize(segment))];
        _file.ReadAt(_sealer.OffsetOf(segment), found);
        _segment = -1;
        _sealer.Open(segment, found, _plain);
        _segment = segment;
    }
}
