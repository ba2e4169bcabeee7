using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>Tells from $LogFile's restart pages whether the journal holds work that is not on the volume.</summary>
/// <remarks>
/// Restart page; little-endian; offset and length in bytes:
/// <code>
///  0 4 Signature       "RSTR", or "CHKD" after chkdsk
/// 16 4 SystemPageSize  the second page is this far from the first
/// 24 2 RestartOffset   of the restart area:
///      0 8 CurrentLsn       the greater one is newer
///     10 2 ClientFreeList
///     12 2 ClientInUseList  0xFFFF: none
///     14 2 Flags            2: the volume was dismounted cleanly
/// </code>
/// A cleanly dismounted Windows volume still lists a client and has flag 2; other writers list none. A journal of 0xFF throughout
/// was never used.
/// </remarks>
internal static class JournalState
{
    private const uint RestartSignature = 0x52545352; // "RSTR"
    private const uint CheckedSignature = 0x444B4843; // "CHKD"
    private const ushort NoClient = 0xFFFF;
    private const ushort CleanFlag = 2;
    private const int DefaultPageSize = 4096;
    private const int MaxPageSize = 64 * 1024;

    /// <summary>Whether the journal may be ignored.</summary>
    public static bool IsClean(NtfsVolume volume, NtfsAttribute data)
    {
        if (data.Length < DefaultPageSize * 2 || data.IsResident)
        {
            return data.Length == 0;
        }

        byte[] first = new byte[DefaultPageSize];
        AttributeIo.ReadPlain(volume, data, 0, first);
        byte[] second = new byte[DefaultPageSize];
        AttributeIo.ReadPlain(volume, data, DefaultPageSize, second);
        if (IsBlank(first) && IsBlank(second))
        {
            return true;
        }

        int pageSize = PageSize(first) is var size && size > 0 ? size : DefaultPageSize;
        (long Lsn, bool Clean)? one = ReadPage(volume, data, 0, pageSize);
        (long Lsn, bool Clean)? two = ReadPage(volume, data, pageSize, pageSize);
        if (one is { } a && two is { } b)
        {
            return b.Lsn > a.Lsn ? b.Clean : a.Clean;
        }

        return (one ?? two)?.Clean ?? false;
    }

    private static bool IsBlank(byte[] page) => page.All(b => b == 0xFF);


    private static int PageSize(byte[] page)
    {
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(16));
        bool valid = BinaryPrimitives.ReadUInt32LittleEndian(page) is RestartSignature or CheckedSignature
            && size is >= 512 and <= MaxPageSize && (size & (size - 1)) == 0;
        return valid ? (int)size : 0;
    }

    private static (long Lsn, bool Clean)? ReadPage(NtfsVolume volume, NtfsAttribute data, long offset, int pageSize)
    {
        if (offset + pageSize > data.DataSize)
        {
            return null;
        }

        byte[] page = new byte[pageSize];
        AttributeIo.ReadPlain(volume, data, offset, page);
        if (PageSize(page) != pageSize)
        {
            return null;
        }

        try
        {
            UpdateSequence.Restore(page, "$LogFile restart page", offset);
        }
        catch (DiskFormatException)
        {
            return null; // a torn restart page is normal after a crash: the other one counts
        }

        int area = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(24));
        if (area + 16 > pageSize)
        {
            return null;
        }

        long lsn = BinaryPrimitives.ReadInt64LittleEndian(page.AsSpan(area));
        ushort inUse = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(area + 12));
        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(area + 14));
        return (lsn, inUse == NoClient || (flags & CleanFlag) != 0);
    }
}
