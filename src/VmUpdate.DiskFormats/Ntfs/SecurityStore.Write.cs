using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <content>Storing descriptors.</content>
internal sealed partial class SecurityStore
{
    private const uint FirstId = 0x100;
    private const int MirrorDistance = 256 * 1024;
    private const int Alignment = 16;
    private const int IdKeySize = 4;
    private const int HashKeySize = 8; // the hash, the number
    private static readonly byte[] IndexMark = [0x49, 0, 0x49, 0]; // "II": stands behind $SDH's data, meaning unknown

    private readonly Dictionary<(uint Folder, bool IsDirectory), uint> _inherited = [];

    /// <summary>The number of the descriptor that something new in a folder inherits.</summary>
    /// <param name="folderId">The number of the folder's descriptor; 0 when it has none there.</param>
    /// <param name="folder">The folder's descriptor.</param>
    /// <param name="isDirectory">Whether a folder is made.</param>
    public uint Inherit(uint folderId, ReadOnlySpan<byte> folder, bool isDirectory)
    {
        if (folderId != 0 && _inherited.TryGetValue((folderId, isDirectory), out uint known))
        {
            return known;
        }

        uint id = Add(SecurityInheritance.Create(folder, isDirectory));
        _inherited[(folderId, isDirectory)] = id; // a number's descriptor never changes
        return id;
    }

    /// <summary>The number of a descriptor, which is stored when the volume does not have it yet.</summary>
    public uint Add(ReadOnlySpan<byte> descriptor)
    {
        if (descriptor.Length > MirrorDistance - HeaderSize || descriptor.Length > NtfsLimits.MaxSecurityDescriptorSize)
        {
            throw NtfsError.LimitExceeded(Structure, -1, $"a security descriptor of {descriptor.Length} bytes.");
        }

        uint hash = Hash(descriptor);
        IndexTree hashes = IndexTree.Of(volume, File, HashIndex);
        foreach (IndexEntry entry in hashes.From(key => FirstOf(key, HashKeySize) < hash).ToArray())
        {
            if (FirstOf(entry.Key, HashKeySize) != hash)
            {
                break;
            }

            uint known = BinaryPrimitives.ReadUInt32LittleEndian(entry.Key.Slice(4));
            byte[] stored = _cache.TryGetValue(known, out byte[]? remembered) ? remembered : Read(entry.Data, known);
            if (stored.AsSpan().SequenceEqual(descriptor))
            {
                return known;
            }
        }

        return Append(descriptor, hash, hashes);
    }

    private static uint Hash(ReadOnlySpan<byte> descriptor)
    {
        uint hash = 0;
        for (int i = 0; i + 4 <= descriptor.Length; i += 4)
        {
            hash = unchecked(((hash << 3) | (hash >> 29)) + BinaryPrimitives.ReadUInt32LittleEndian(descriptor.Slice(i)));
        }

        return hash;
    }

    private static uint FirstOf(ReadOnlySpan<byte> key, int size) => key.Length == size
        ? BinaryPrimitives.ReadUInt32LittleEndian(key)
        : throw NtfsError.Inconsistent(Structure, -1, $"expected keys of {size} bytes in its index, found one of {key.Length}.");

    private uint Append(ReadOnlySpan<byte> descriptor, uint hash, IndexTree hashes)
    {
        IndexTree ids = IndexTree.Of(volume, File, IdIndex);
        uint last = ids.Last() is { } greatest ? Math.Max(FirstId - 1, FirstOf(greatest.Key, IdKeySize)) : FirstId - 1;

        if (last == uint.MaxValue)
        {
            throw NtfsError.NoSpace("the security descriptors have no more numbers.");
        }

        FileRecord file = File;
        NtfsAttribute stream = file.Require(AttributeType.Data, StreamName);
        int size = HeaderSize + descriptor.Length;
        long offset = NextOffset(stream.Length, size);
        byte[] bytes = new byte[size];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, hash);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), last + 1);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), offset);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), size);
        descriptor.CopyTo(bytes.AsSpan(HeaderSize));
        AttributeIo.Write(volume, file, stream, offset, bytes);
        AttributeIo.Write(volume, file, stream, offset + MirrorDistance, bytes);

        ReadOnlySpan<byte> header = bytes.AsSpan(0, HeaderSize);
        ids.Insert(IndexTree.DataEntry(header.Slice(4, 4), header));
        byte[] byHash = IndexTree.DataEntry(header.Slice(0, 8), header);
        IndexMark.CopyTo(byHash, IndexEntry.HeaderSize + 8 + HeaderSize);
        hashes.Insert(byHash);
        volume.Files.MarkDirty(file);
        Remember(last + 1, descriptor.ToArray());
        return last + 1;
    }

    // The stream ends with the copy of the last entry. An entry does not cross from one 256 KiB into their copy.
    private static long NextOffset(long length, int size)
    {
        long next = length < MirrorDistance ? 0 : (length - MirrorDistance + Alignment - 1) / Alignment * Alignment;
        long block = next / (2 * MirrorDistance) * (2 * MirrorDistance);
        return next + size <= block + MirrorDistance ? next : block + (2 * MirrorDistance);
    }
}
