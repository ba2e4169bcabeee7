using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>Compares two keys of an index.</summary>
internal delegate int KeyComparer(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right);

/// <summary>The orders that indexes have.</summary>
internal static class IndexCollation
{
    /// <summary>By name, as folders.</summary>
    public const uint FileName = 1;

    /// <summary>By one 32-bit number.</summary>
    public const uint UInt32 = 0x10;

    /// <summary>By a SID.</summary>
    public const uint Sid = 0x11;

    /// <summary>By a descriptor's hash, then its number.</summary>
    public const uint SecurityHash = 0x12;

    /// <summary>By several 32-bit numbers.</summary>
    public const uint UInt32s = 0x13;

    /// <summary>The comparer of a stored order.</summary>
    public static KeyComparer ComparerFor(uint collation, NtfsText text) => collation switch
    {
        FileName => (left, right) => text.Compare(new FileNameValue(left).Name, new FileNameValue(right).Name),
        UInt32 or SecurityHash or UInt32s => CompareNumbers,
        Sid => CompareBytes,
        _ => throw NtfsError.NotSupported(string.Empty, $"an index of the order 0x{collation:X} is not supported."),
    };

    private static int CompareNumbers(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int length = Math.Min(left.Length, right.Length) & ~3;
        for (int i = 0; i < length; i += 4)
        {
            int difference = BinaryPrimitives.ReadUInt32LittleEndian(left.Slice(i)).CompareTo(BinaryPrimitives.ReadUInt32LittleEndian(right.Slice(i)));
            if (difference != 0)
            {
                return difference;
            }
        }

        return left.Length - right.Length;
    }

    private static int CompareBytes(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        left.Length != right.Length ? left.Length - right.Length : left.SequenceCompareTo(right);
}
