using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>$Secure: every security descriptor of the volume once, by number.</summary>
/// <remarks>
/// $SDS holds the descriptors, each behind a header and aligned to 16 bytes; every 256 KiB are followed by their copy. $SII finds
/// them by number, $SDH by hash. The header, which both indexes repeat; little-endian; offset and length in bytes:
/// <code>
///  0 4 Hash
///  4 4 Id
///  8 8 Offset   in $SDS
/// 16 4 Size     with this header
/// </code>
/// </remarks>
internal sealed partial class SecurityStore(NtfsVolume volume)
{
    private const string Structure = "$SDS entry";
    private const string StreamName = "$SDS";
    private const string IdIndex = "$SII";
    private const string HashIndex = "$SDH";
    private const int HeaderSize = 20;
    private const int CachedDescriptors = 1024;
    private readonly Dictionary<uint, byte[]> _cache = [];

    private FileRecord File => volume.Files.Get(WellKnownRecord.Secure);

    /// <summary>The descriptor of a number.</summary>
    public byte[] Get(uint id)
    {
        if (_cache.TryGetValue(id, out byte[]? known))
        {
            return known;
        }

        byte[] key = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(key, id);
        IndexEntry entry = IndexTree.Of(volume, File, IdIndex).Find(key)
            ?? throw NtfsError.Inconsistent("$Secure:$SII", -1, $"no security descriptor has the number {id}.");
        byte[] descriptor = Read(entry.Data, id);
        Remember(id, descriptor);
        return descriptor;
    }

    private void Remember(uint id, byte[] descriptor)
    {
        if (_cache.Count >= CachedDescriptors)
        {
            _cache.Clear();
        }

        _cache[id] = descriptor;
    }

    private byte[] Read(ReadOnlySpan<byte> header, uint id)
    {
        if (header.Length < HeaderSize)
        {
            throw NtfsError.OutOfBounds(Structure, -1, $"a header of {header.Length} bytes.");
        }

        long offset = BinaryPrimitives.ReadInt64LittleEndian(header.Slice(8));
        long size = BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(16));
        NtfsAttribute stream = File.Require(AttributeType.Data, StreamName);
        if (size < HeaderSize || size > NtfsLimits.MaxSecurityDescriptorSize || offset < 0 || offset > stream.Length - size)
        {
            throw NtfsError.OutOfBounds(Structure, offset, $"{size} bytes leave the {stream.Length} bytes of $SDS.");
        }

        byte[] bytes = new byte[size];
        AttributeIo.ReadPlain(volume, stream, offset, bytes);
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4));
        return stored == id
            ? bytes.AsSpan(HeaderSize).ToArray()
            : throw NtfsError.Inconsistent(Structure, offset, $"expected descriptor {id}, found {stored}.");
    }
}
