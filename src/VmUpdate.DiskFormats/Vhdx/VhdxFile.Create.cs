using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx;

/// <content>
/// Making a file. Until <see cref="Complete"/> it has no identifier, so that everybody refuses it; nothing is ordered and nothing
/// flushed, since a half-made file is deleted and made anew.
/// </content>
internal sealed partial class VhdxFile
{
    private const long NewLogOffset = VhdxLimits.OneMebibyte;
    private const long NewMetadataOffset = 2L * VhdxLimits.OneMebibyte;
    private const long NewBatOffset = 3L * VhdxLimits.OneMebibyte;
    private bool _isUnderConstruction;

    /// <summary>Starts a file in an empty host file.</summary>
    /// <param name="path">The full path, for messages.</param>
    /// <param name="host">The empty host file; it is the new object's to dispose, unless this throws.</param>
    /// <param name="metadata">What the disk is to be.</param>
    /// <param name="newGuid">Ids.</param>
    internal static VhdxFile Create(string path, IBlockFile host, VhdxMetadata metadata, Func<Guid> newGuid)
    {
        long batLength = RoundUp(new BlockGeometry(metadata).EntryCount * BatEntry.Size);
        var regions = new RegionTable(
            new FileRange(NewBatOffset, batLength), new FileRange(NewMetadataOffset, VhdxMetadata.RegionSize));
        var header = new VhdxHeader
        {
            SequenceNumber = 1,
            FileWriteGuid = newGuid(),
            DataWriteGuid = newGuid(),
            LogOffset = NewLogOffset,
            LogLength = VhdxLimits.OneMebibyte,
        };
        host.SetLength(regions.Bat.End);
        var layout = new Layout(header, CurrentHeaderIsSecond: true, regions, metadata, HadPendingLog: false, IsNew: true);
        var file = new VhdxFile(path, host, host, layout, newGuid);
        if (metadata.LeaveBlocksAllocated)
        {
            file.AllocateAll();
        }

        return file;
    }

    /// <summary>
    /// Makes the file whole and durable, with two flushes: all of it but the identifier, then the identifier. Before the second it is
    /// refused, after it valid.
    /// </summary>
    internal void Complete()
    {
        if (!_isUnderConstruction)
        {
            return;
        }

        WriteTables();
        File.Flush();
        Span<byte> identifier = stackalloc byte[VhdxFileIdentifier.Size];
        VhdxFileIdentifier.Write(identifier);
        File.WriteAt(0, identifier);
        File.Flush();
        _isUnderConstruction = false;
        _hasUnflushedWrites = false;
    }

    /// <summary>A fixed disk has all its blocks from the start, one behind the other ([MS-VHDX] 2.5.1.1).</summary>
    private void AllocateAll()
    {
        long first = Allocate(_geometry.BlockCount * _geometry.BlockSize);
        for (long block = 0; block < _geometry.BlockCount; block++)
        {
            _bat.Set(_geometry.PayloadEntry(block), new BatEntry(BlockState.FullyPresent, first + (block * _geometry.BlockSize)));
        }
    }

    private void WriteTables()
    {
        var pages = new List<KeyValuePair<long, byte[]>>();
        _bat.CollectDirty(pages);
        _bitmaps.CollectDirty(pages);
        foreach (KeyValuePair<long, byte[]> page in pages)
        {
            File.WriteAt(page.Key, page.Value);
        }

        _bat.ClearDirty();
        _bitmaps.ClearDirty();
        WriteWhereNotZero(_regions.Metadata.Offset, _metadata.ToBytes());
        byte[] table = new byte[RegionTable.Size];
        _regions.Write(table);
        WriteWhereNotZero(RegionTable.FirstOffset, table);
        WriteWhereNotZero(RegionTable.SecondOffset, table);

        Span<byte> bytes = stackalloc byte[VhdxHeader.Size];
        _header.Write(bytes);
        File.WriteAt(VhdxHeader.FirstOffset, bytes);
        _header = _header with { SequenceNumber = _header.SequenceNumber + 1 };
        _header.Write(bytes);
        File.WriteAt(VhdxHeader.SecondOffset, bytes);
        _currentHeaderIsSecond = true;
    }

    /// <summary>The new file is zero already: what is zero in these, nearly all, needs neither a write nor room.</summary>
    private void WriteWhereNotZero(long offset, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> zeros = stackalloc byte[VhdxLimits.PageSize];
        for (int start = 0; start < bytes.Length; start += VhdxLimits.PageSize)
        {
            ReadOnlySpan<byte> page = bytes.Slice(start, VhdxLimits.PageSize);
            if (!page.SequenceEqual(zeros))
            {
                File.WriteAt(offset + start, page);
            }
        }
    }
}
