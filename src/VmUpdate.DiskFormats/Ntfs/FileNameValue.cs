using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>A view of a $FILE_NAME value: as an attribute of the file, and as the key of the folder's index.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0 8 Parent
///  8 8 Created
/// 16 8 Modified
/// 24 8 Changed
/// 32 8 Accessed
/// 40 8 AllocatedSize
/// 48 8 DataSize
/// 56 4 Attributes
/// 60 4 ReparseTag or the size of extended attributes
/// 64 1 NameLength   in UTF-16 units
/// 65 1 Namespace    0 POSIX, 1 Win32, 2 DOS, 3 both
/// 66 . Name
/// </code>
/// Bytes 8 to 63 are copies; only those in the index are kept up to date.
/// </remarks>
internal readonly ref struct FileNameValue
{
    /// <summary>Where the name starts.</summary>
    public const int NameOffset = 66;

    /// <summary>Where the copied times, lengths and bits start.</summary>
    public const int InfoOffset = 8;

    /// <summary>The bytes of the copied times, lengths and bits.</summary>
    public const int InfoSize = 56;

    /// <summary>Any name.</summary>
    public const byte Posix = 0;

    /// <summary>A name that has a short one beside it, or none.</summary>
    public const byte Win32 = 1;

    /// <summary>A short name beside a long one.</summary>
    public const byte Dos = 2;

    /// <summary>A name that is short enough to be both.</summary>
    public const byte Win32AndDos = 3;

    /// <summary>The bit that says folder in the copied attribute bits.</summary>
    public const uint DirectoryBit = 0x1000_0000;

    /// <summary>The bit that says view index in the copied attribute bits.</summary>
    public const uint ViewIndexBit = 0x2000_0000;

    private readonly ReadOnlySpan<byte> _bytes;

    /// <summary>Looks at a value.</summary>
    public FileNameValue(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < NameOffset || NameOffset + (bytes[64] * 2) > bytes.Length || bytes[64] == 0)
        {
            throw NtfsError.OutOfBounds("$FILE_NAME", -1, $"its name leaves the {bytes.Length} bytes of the value.");
        }

        _bytes = bytes;
    }

    /// <summary>The folder.</summary>
    public FileReference Parent => new(BinaryPrimitives.ReadUInt64LittleEndian(_bytes));

    /// <summary>Which names it may stand beside.</summary>
    public byte Namespace => _bytes[65];

    /// <summary>The name.</summary>
    public ReadOnlySpan<char> Name => MemoryMarshal.Cast<byte, char>(_bytes.Slice(NameOffset, _bytes[64] * 2));

    /// <summary>Makes a value with its copies left zero.</summary>
    public static byte[] Create(FileReference parent, string name, byte nameSpace)
    {
        byte[] value = new byte[NameOffset + (name.Length * 2)];
        BinaryPrimitives.WriteUInt64LittleEndian(value, parent.Stored);
        value[64] = (byte)name.Length;
        value[65] = nameSpace;
        MemoryMarshal.AsBytes(name.AsSpan()).CopyTo(value.AsSpan(NameOffset));
        return value;
    }
}
