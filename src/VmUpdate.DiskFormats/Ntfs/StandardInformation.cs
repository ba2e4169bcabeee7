using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>The value of $STANDARD_INFORMATION.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes; files of before NTFS 3.0 have the first 48 only:
/// <code>
///  0 8 Created       FILETIME: 100 ns since 1601, UTC
///  8 8 Modified
/// 16 8 Changed
/// 24 8 Accessed
/// 32 4 Attributes
/// 36 4 MaxVersions
/// 40 4 Version
/// 44 4 ClassId
/// 48 4 OwnerId       for quotas
/// 52 4 SecurityId    the descriptor's number in $Secure
/// 56 8 QuotaCharged
/// 64 8 Usn
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct StandardInformation(byte[] value)
{
    /// <summary>The size before NTFS 3.0, in bytes.</summary>
    public const int OldSize = 48;

    /// <summary>The size since NTFS 3.0, in bytes.</summary>
    public const int Size = 72;

    private static readonly DateTime Epoch = new(1601, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The four times.</summary>
    public NtfsTimes Times => new(TimeAt(0), TimeAt(8), TimeAt(16), TimeAt(24));

    /// <summary>The attribute bits.</summary>
    public uint Attributes => BinaryPrimitives.ReadUInt32LittleEndian(value.AsSpan(32));

    /// <summary>The descriptor's number in $Secure; 0 when it has none there.</summary>
    public uint SecurityId => value.Length >= Size ? BinaryPrimitives.ReadUInt32LittleEndian(value.AsSpan(52)) : 0;

    /// <summary>Stores the attribute bits.</summary>
    public void SetAttributes(uint attributes) => BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(32), attributes);

    /// <summary>Stores the descriptor's number; the value must have its full size.</summary>
    public void SetSecurityId(uint id) => BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(52), id);

    /// <summary>Stores the four times.</summary>
    public void SetTimes(NtfsTimes times)
    {
        WriteTime(0, times.Created);
        WriteTime(8, times.Modified);
        WriteTime(16, times.Changed);
        WriteTime(24, times.Accessed);
    }

    /// <summary>Stores when the data changed, and with it the record.</summary>
    public void SetModified(DateTime utc)
    {
        WriteTime(8, utc);
        WriteTime(16, utc);
    }

    /// <summary>Stores when the record changed.</summary>
    public void SetChanged(DateTime utc) => WriteTime(16, utc);

    private DateTime TimeAt(int offset)
    {
        long ticks = BinaryPrimitives.ReadInt64LittleEndian(value.AsSpan(offset));
        long last = DateTime.MaxValue.Ticks - Epoch.Ticks;
        return Epoch.AddTicks(ticks < 0 ? 0 : Math.Min(ticks, last)); // a time no calendar has is no reason to refuse a file
    }

    private void WriteTime(int offset, DateTime utc) =>
        BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(offset), Math.Max(0, utc.Ticks - Epoch.Ticks));
}
