using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx.Log;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>
/// One VHDX file of a chain: its own bytes, and its parent's where it has none. Reads may run side by side; a write runs alone.
/// </summary>
internal sealed partial class VhdxFile : IDisposable
{
    private const string Structure = "VHDX payload block";

    /// <summary>The file as its structures are to be read: itself, or with its log replayed in memory.</summary>
    private readonly IBlockDevice _view;

    /// <summary>The file for writing; <see langword="null"/> when it was opened for reading.</summary>
    private readonly IBlockFile? _file;

    private readonly VhdxMetadata _metadata;
    private readonly RegionTable _regions;
    private readonly BlockGeometry _geometry;
    private readonly BlockAllocationTable _bat;
    private readonly SectorBitmaps _bitmaps;
    private VhdxHeader _header;
    private bool _currentHeaderIsSecond;

    private VhdxFile(string path, IBlockDevice view, IBlockFile? file, Layout layout, Func<Guid>? newGuid)
    {
        Path = path;
        _view = view;
        _file = file;
        _header = layout.Header;
        _currentHeaderIsSecond = layout.CurrentHeaderIsSecond;
        _regions = layout.Regions;
        _metadata = layout.Metadata;
        _newGuid = newGuid;
        _isUnderConstruction = layout.IsNew;
        HadPendingLog = layout.HadPendingLog;
        _geometry = new BlockGeometry(_metadata);
        _bat = new BlockAllocationTable(view, _regions.Bat, _geometry, layout.IsNew);
        _bitmaps = new SectorBitmaps(view);
        _length = view.Length;
    }

    /// <summary>The full path on the host.</summary>
    internal string Path { get; }

    internal bool HadPendingLog { get; }

    internal VhdxMetadata Metadata => _metadata;

    internal Guid DataWriteGuid => _header.DataWriteGuid;

    internal long VirtualLength => _metadata.VirtualLength;

    internal bool CanWrite => _file is not null;

    /// <summary>The parent, which the chain's opener sets before the first read; this file does not dispose it.</summary>
    internal VhdxFile? Parent { get; set; }

    /// <summary>How many files the chain has from here on.</summary>
    internal int Depth => 1 + (Parent?.Depth ?? 0);

    internal VhdxKind Kind =>
        _metadata.Parent is not null ? VhdxKind.Differencing : _metadata.LeaveBlocksAllocated ? VhdxKind.Fixed : VhdxKind.Dynamic;

    internal VhdxFileInfo Info => new(
        Path, Kind, VirtualLength, _metadata.BlockSize, _metadata.LogicalSectorSize, DataWriteGuid, HadPendingLog);

    private FileRange LogRange => new(_header.LogOffset, _header.LogLength);

    /// <summary>
    /// Opens a file. One whose log is pending is opened for reading, with the log replayed in memory, whatever was asked for:
    /// <see cref="WriteLogBack"/> makes it writable once everything else about it is known to be good.
    /// </summary>
    /// <param name="path">The full path, for messages.</param>
    /// <param name="host">What is read; it is the new object's to dispose, unless this throws.</param>
    /// <param name="file">The same for writing; <see langword="null"/> for reading.</param>
    /// <param name="newGuid">Ids for a writable file.</param>
    /// <param name="requireHeader">Called once the header is known and before another byte is believed.</param>
    internal static VhdxFile Open(
        string path, IBlockDevice host, IBlockFile? file, Func<Guid>? newGuid, Action<VhdxHeader>? requireHeader = null)
    {
        try
        {
            VhdxHeader header = ReadHeader(host, out bool currentIsSecond);
            requireHeader?.Invoke(header);
            bool pending = header.NeedsReplay;
            IBlockDevice view = pending ? new ReplayedFile(host, LogReplay.Read(host, header)) : host;
            return OpenTables(path, view, pending ? null : file, header, currentIsSecond, pending, newGuid);
        }
        catch (DiskFormatException failure) when (failure.Subject.Length == 0)
        {
            throw failure.In(path);
        }
    }

    /// <summary>Writes this file's pending log into its place and opens it anew, for writing.</summary>
    internal VhdxFile WriteLogBack(IBlockFile file, Func<Guid> newGuid)
    {
        VhdxHeader header = _header;
        bool currentIsSecond = _currentHeaderIsSecond;
        ReplayInPlace(file, ref header, ref currentIsSecond, newGuid);
        VhdxFile opened = OpenTables(Path, file, file, header, currentIsSecond, hadPendingLog: true, newGuid);
        opened._hasNewFileWriteGuid = true;
        return opened;
    }

    /// <summary>Fills <paramref name="buffer"/> with what the guest would see; the caller has checked the range.</summary>
    internal void Read(long offset, Span<byte> buffer)
    {
        try
        {
            ReadBlocks(offset, buffer);
        }
        catch (DiskFormatException failure) when (failure.Subject.Length == 0)
        {
            throw failure.In(Path);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Close();
        }
        finally
        {
            _view.Dispose();
        }
    }

    private void ReadBlocks(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            long block = offset / _geometry.BlockSize;
            int within = (int)(offset % _geometry.BlockSize);
            int count = Math.Min(buffer.Length, _geometry.BlockSize - within);
            BatEntry entry = PayloadEntry(block);
            switch (entry.State)
            {
                case BlockState.FullyPresent:
                    count = ExtendOverNeighbours(block, entry, count, buffer.Length);
                    _view.ReadAt((long)entry.FileOffset + within, buffer.Slice(0, count));
                    break;
                case BlockState.PartiallyPresent:
                    ReadPartlyPresent(block, entry, within, buffer.Slice(0, count));
                    break;
                case BlockState.NotPresent when Parent is not null:
                    Parent.Read(offset, buffer.Slice(0, count));
                    break;
                default:
                    buffer.Slice(0, count).Clear();
                    break;
            }

            offset += count;
            buffer = buffer.Slice(count);
        }
    }

    private static VhdxHeader ReadHeader(IBlockDevice host, out bool currentIsSecond)
    {
        VhdxFileIdentifier.Require(host);
        if (host.Length < VhdxLimits.OneMebibyte)
        {
            throw new DiskFormatException(
                DiskFormatDefect.Truncated, VhdxHeader.Structure, 0, $"the file has {host.Length} bytes, and its headers alone take 1 MiB.");
        }

        Span<byte> headers = stackalloc byte[2 * VhdxHeader.Size];
        host.ReadAt(VhdxHeader.FirstOffset, headers.Slice(0, VhdxHeader.Size));
        host.ReadAt(VhdxHeader.SecondOffset, headers.Slice(VhdxHeader.Size));
        return VhdxHeader.ReadCurrent(headers.Slice(0, VhdxHeader.Size), headers.Slice(VhdxHeader.Size), host.Length, out currentIsSecond);
    }

    private static VhdxFile OpenTables(
        string path, IBlockDevice view, IBlockFile? file, VhdxHeader header, bool currentIsSecond, bool hadPendingLog, Func<Guid>? newGuid)
    {
        RegionTable regions = RegionTable.Read(view, new FileRange(header.LogOffset, header.LogLength));
        var layout = new Layout(header, currentIsSecond, regions, VhdxMetadata.Read(view, regions.Metadata), hadPendingLog, IsNew: false);
        var opened = new VhdxFile(path, view, file, layout, newGuid);
        long batLength = opened._geometry.EntryCount * BatEntry.Size;
        if (batLength <= (file is null ? VhdxLimits.MaxBatReadAtOpen : VhdxLimits.MaxBatCheckedForWriting))
        {
            opened._bat.RequireAll(opened.RequireEntry, [.. regions.All, opened.LogRange]);
        }

        return opened;
    }

    /// <summary>Blocks that follow each other in the file too are read at once.</summary>
    private int ExtendOverNeighbours(long block, BatEntry entry, int count, int wanted)
    {
        ulong expected = entry.FileOffset;
        while (count < wanted)
        {
            block++;
            expected += (ulong)_geometry.BlockSize;
            BatEntry next = PayloadEntry(block);
            if (next.State != BlockState.FullyPresent || next.FileOffset != expected)
            {
                break;
            }

            count += Math.Min(wanted - count, _geometry.BlockSize);
        }

        return count;
    }

    private void ReadPartlyPresent(long block, BatEntry entry, int within, Span<byte> buffer)
    {
        long bitmap = BitmapOffset(block);
        while (buffer.Length > 0)
        {
            int sector = within / _geometry.SectorSize;
            int intoSector = within % _geometry.SectorSize;
            int sectorsWanted = ((intoSector + buffer.Length - 1) / _geometry.SectorSize) + 1;
            int run = _bitmaps.RunLength(bitmap, _geometry.FirstBit(block) + sector, sectorsWanted, out bool isOwn);
            int count = Math.Min(buffer.Length, (run * _geometry.SectorSize) - intoSector);
            Span<byte> part = buffer.Slice(0, count);
            if (isOwn)
            {
                _view.ReadAt((long)entry.FileOffset + within, part);
            }
            else if (Parent is not null)
            {
                Parent.Read((block * _geometry.BlockSize) + within, part);
            }
            else
            {
                part.Clear();
            }

            within += count;
            buffer = buffer.Slice(count);
        }
    }

    private BatEntry PayloadEntry(long block)
    {
        long index = _geometry.PayloadEntry(block);
        BatEntry entry = _bat[index];
        RequireEntry(index, entry);
        return entry;
    }

    private long BitmapOffset(long block)
    {
        long index = _geometry.BitmapEntry(block);
        BatEntry entry = _bat[index];
        RequireEntry(index, entry);
        return entry.State == BlockState.FullyPresent
            ? (long)entry.FileOffset
            : throw _bat.Defect(index, DiskFormatDefect.Inconsistent, $"block {block} is partially present, and its sector bitmap is not there.");
    }

    private void RequireEntry(long index, BatEntry entry)
    {
        bool isBitmap = _geometry.IsBitmapEntry(index);
        bool known = entry.State switch
        {
            BlockState.NotPresent or BlockState.FullyPresent => true,
            BlockState.Undefined or BlockState.Zero or BlockState.Unmapped => !isBitmap,
            BlockState.PartiallyPresent => !isBitmap && _metadata.Parent is not null,
            _ => false,
        };
        if (!known)
        {
            throw _bat.Defect(index, DiskFormatDefect.Inconsistent, $"entry {index} has the state {(int)entry.State}, which it may not have.");
        }

        if (!entry.IsAllocated)
        {
            return;
        }

        int needed = isBitmap ? VhdxLimits.OneMebibyte : _geometry.UsedLength(_geometry.BlockOf(index));
        if (entry.FileOffset < VhdxLimits.OneMebibyte)
        {
            throw _bat.Defect(index, DiskFormatDefect.OutOfBounds, $"entry {index} points to 0x{entry.FileOffset:X}, among the headers.");
        }

        if (entry.FileOffset > (ulong)_length || needed > _length - (long)entry.FileOffset)
        {
            throw _bat.Defect(
                index,
                DiskFormatDefect.Truncated,
                $"entry {index} points to 0x{entry.FileOffset:X} and needs {needed} bytes there, and the file has 0x{_length:X}.");
        }
    }

    /// <summary>What is known of a file before it is an object.</summary>
    private sealed record Layout(
        VhdxHeader Header, bool CurrentHeaderIsSecond, RegionTable Regions, VhdxMetadata Metadata, bool HadPendingLog, bool IsNew);
}
