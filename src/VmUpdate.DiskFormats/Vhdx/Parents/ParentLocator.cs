using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>What a differencing disk says of its parent: which one it is, and the paths where it may be.</summary>
/// <remarks>
/// [MS-VHDX] 2.6.2.6. Little-endian; offset and length in bytes. Keys and values are UTF-16 without terminator:
/// <code>
///  0   16  LocatorType    B04AEFB7-D19E-4A81-B789-25B8E9445913
/// 18    2  KeyValueCount
/// 20   12  each entry:     KeyOffset (4), ValueOffset (4), KeyLength (2), ValueLength (2)
/// </code>
/// </remarks>
internal sealed class ParentLocator
{
    internal const string Structure = "VHDX parent locator";
    internal const string RelativePath = "relative_path";
    internal const string AbsolutePath = "absolute_win32_path";
    internal const string VolumePath = "volume_path";

    private const string Linkage = "parent_linkage";
    private const string SecondLinkage = "parent_linkage2";
    private const int HeaderSize = 20;
    private const int EntrySize = 12;
    private static readonly Guid VhdxType = new("B04AEFB7-D19E-4A81-B789-25B8E9445913");
    private readonly Dictionary<string, string> _values;

    private ParentLocator(Dictionary<string, string> values) => _values = values;

    /// <summary>The locator of a new child.</summary>
    /// <param name="parentDataWriteGuid">The parent's DataWriteGuid.</param>
    /// <param name="relativePath">The parent's path from the child's folder, with <c>\</c>; none when there is none.</param>
    /// <param name="windowsPath">The parent's path as Windows sees it, when it is known.</param>
    internal static ParentLocator Create(Guid parentDataWriteGuid, string? relativePath, string? windowsPath)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            [Linkage] = parentDataWriteGuid.ToString("B"),
        };
        if (relativePath is not null)
        {
            values[RelativePath] = relativePath;
        }

        if (windowsPath is not null)
        {
            values[AbsolutePath] = windowsPath;
        }

        return new ParentLocator(values);
    }

    /// <summary>Reads a locator.</summary>
    /// <param name="bytes">The whole item.</param>
    /// <param name="offset">Where it is in the file, for messages.</param>
    internal static ParentLocator Parse(ReadOnlySpan<byte> bytes, long offset)
    {
        if (bytes.Length < HeaderSize)
        {
            throw new DiskFormatException(DiskFormatDefect.Truncated, Structure, offset, $"it has {bytes.Length} bytes, and {HeaderSize} is the least.");
        }

        Guid type = MemoryMarshal.Read<Guid>(bytes);
        if (type != VhdxType)
        {
            throw new DiskFormatException(DiskFormatDefect.NotSupported, Structure, offset, $"its type {type} is not that of a VHDX parent.");
        }

        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(18));
        if (count > VhdxLimits.MaxParentLocatorEntries || HeaderSize + (count * EntrySize) > bytes.Length)
        {
            throw new DiskFormatException(DiskFormatDefect.LimitExceeded, Structure, offset, $"it claims {count} entries.");
        }

        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (int index = 0; index < count; index++)
        {
            ReadOnlySpan<byte> entry = bytes.Slice(HeaderSize + (index * EntrySize), EntrySize);
            string key = Text(bytes, BinaryPrimitives.ReadUInt32LittleEndian(entry), BinaryPrimitives.ReadUInt16LittleEndian(entry.Slice(8)), offset);
            string value = Text(
                bytes, BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(4)), BinaryPrimitives.ReadUInt16LittleEndian(entry.Slice(10)), offset);
            if (values.ContainsKey(key))
            {
                throw new DiskFormatException(DiskFormatDefect.Inconsistent, Structure, offset, $"the key '{key}' is there twice.");
            }

            values.Add(key, value);
        }

        return new ParentLocator(values);
    }

    /// <summary>Whether the child was made from a disk of that DataWriteGuid.</summary>
    internal bool Names(Guid dataWriteGuid) =>
        dataWriteGuid != Guid.Empty && (Matches(Linkage, dataWriteGuid) || Matches(SecondLinkage, dataWriteGuid));

    /// <summary>The linkage, for messages.</summary>
    internal string LinkageText => Value(Linkage) ?? "(none)";

    /// <summary>A value of the locator; <see langword="null"/> when it is absent or empty.</summary>
    internal string? Value(string key) => _values.TryGetValue(key, out string? value) && value.Length > 0 ? value : null;

    /// <summary>The locator as it lies in a new file.</summary>
    internal byte[] ToBytes()
    {
        int end = HeaderSize + (_values.Count * EntrySize);
        var bytes = new byte[end + _values.Sum(pair => 2 * (pair.Key.Length + pair.Value.Length))];
        VhdxType.ToByteArray().CopyTo(bytes, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(18), (ushort)_values.Count);
        int index = 0;
        foreach (KeyValuePair<string, string> pair in _values)
        {
            Span<byte> entry = bytes.AsSpan(HeaderSize + (index++ * EntrySize));
            byte[] key = Encoding.Unicode.GetBytes(pair.Key);
            byte[] value = Encoding.Unicode.GetBytes(pair.Value);
            BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)end);
            BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(4), (uint)(end + key.Length));
            BinaryPrimitives.WriteUInt16LittleEndian(entry.Slice(8), (ushort)key.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(entry.Slice(10), (ushort)value.Length);
            key.CopyTo(bytes, end);
            value.CopyTo(bytes, end + key.Length);
            end += key.Length + value.Length;
        }

        return bytes;
    }

    private static string Text(ReadOnlySpan<byte> bytes, uint start, int length, long offset) =>
        length % 2 == 0 && start <= (uint)bytes.Length && length <= bytes.Length - (int)start
            ? Encoding.Unicode.GetString(bytes.Slice((int)start, length).ToArray()).TrimEnd('\0')
            : throw new DiskFormatException(
                DiskFormatDefect.OutOfBounds, Structure, offset, $"a text of {length} bytes at 0x{start:X} does not fit its {bytes.Length} bytes.");

    private bool Matches(string key, Guid id) => Guid.TryParse(Value(key), out Guid stored) && stored == id;
}
