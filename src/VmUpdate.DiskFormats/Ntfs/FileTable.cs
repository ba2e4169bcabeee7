using System.Buffers;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>The file table, $MFT: hands out files by their record numbers and remembers a bounded number of them.</summary>
internal sealed partial class FileTable(NtfsVolume volume)
{
    private readonly Dictionary<long, FileRecord> _cache = [];
    private NtfsAttribute? _data;

    /// <summary>The number of records that the table has room for.</summary>
    public long RecordCount => Data.DataSize / RecordSize;

    private int RecordSize => volume.Geometry.RecordSize;

    private NtfsAttribute Data => _data ?? throw NtfsError.Inconsistent("$MFT", -1, "its record has no data.");

    /// <summary>Reads the table's own record, and with it where the others are.</summary>
    public void Open()
    {
        // The table's own runs may go on in other records, which lie in the runs read before: Load adds them in order.
        FileRecord table = Get(WellKnownRecord.Mft);
        _data = table.Require(AttributeType.Data);
        if (_data.IsResident || _data.IsCompressed || _data.DataSize / RecordSize > NtfsLimits.MaxRecordNumber
            || _data.Runs!.CountAllocated() != _data.Runs.Clusters || _data.Runs.Clusters > volume.Geometry.ClusterCount)
        {
            throw NtfsError.Inconsistent("$MFT", -1, "its data is resident, compressed, has holes or is larger than the volume.");
        }
    }

    /// <summary>A file that must be there.</summary>
    public FileRecord Get(FileReference reference)
    {
        FileRecord file = Get(reference.Number);
        return file.Sequence == reference.Sequence
            ? file
            : throw NtfsError.Inconsistent(
                FileRecordHeader.Structure, -1, $"record {reference.Number} was given out {file.Sequence} times, a reference says {reference.Sequence}.");
    }

    /// <summary>A file by its number alone.</summary>
    public FileRecord Get(long number)
    {
        if (!_cache.TryGetValue(number, out FileRecord? file))
        {
            file = Load(number);
            _cache[number] = file;
        }

        return file;
    }

    /// <summary>Forgets unchanged files when there are too many. Called only between operations: none may hold a file meanwhile.</summary>
    public void Trim()
    {
        if (_cache.Count <= NtfsLimits.CachedRecords)
        {
            return;
        }

        foreach (FileRecord file in _cache.Values.ToArray())
        {
            if (file is { IsDirty: false, IsInfoDirty: false, OpenStreams: 0, Number: >= WellKnownRecord.FirstUser })
            {
                _cache.Remove(file.Number);
            }
        }
    }

    private long PlaceOf(long number)
    {
        if (_data is null)
        {
            return number == WellKnownRecord.Mft
                ? volume.Geometry.MftLcn * volume.Geometry.ClusterSize
                : throw NtfsError.Inconsistent("$MFT", -1, "the table's first records do not say where the others are.");
        }

        long offset = number * RecordSize;
        Run run = _data.Runs!.Clusters > offset / volume.Geometry.ClusterSize
            ? _data.Runs[_data.Runs.Find(offset / volume.Geometry.ClusterSize)]
            : throw NtfsError.OutOfBounds("$MFT", -1, $"record {number} lies outside the file table.");
        return (run.Lcn * volume.Geometry.ClusterSize) + offset - (run.Vcn * volume.Geometry.ClusterSize);
    }

    private void ReadRaw(long number, Span<byte> record)
    {
        if (_data is null)
        {
            volume.Device.ReadAt(PlaceOf(number), record);
            return;
        }

        if (number < 0 || number >= _data.DataSize / RecordSize)
        {
            throw NtfsError.OutOfBounds("$MFT", -1, $"record {number} lies outside the file table's {_data.DataSize / RecordSize}.");
        }

        AttributeIo.ReadPlain(volume, _data, number * RecordSize, record);
    }

    private FileRecord Load(long number)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(RecordSize);
        try
        {
            Span<byte> record = rented.AsSpan(0, RecordSize);
            ReadRaw(number, record);
            long place = PlaceOf(number);
            FileRecordHeader header = FileRecordHeader.Read(record, place);
            if (!header.IsInUse || header.BaseRecord.Stored != 0)
            {
                throw NtfsError.Inconsistent(FileRecordHeader.Structure, place, $"record {number} is not the base record of a file.");
            }

            var file = new FileRecord(number, header.Sequence)
            {
                Flags = header.Flags,
                Lsn = header.Lsn,
                UpdateNumber = header.UpdateNumber,
            };
            file.List = FindList(record, header, place);
            if (file.List is null)
            {
                AddAll(file, record, header, place);
            }
            else
            {
                AddListed(file, record, header, place);
            }

            return file;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private NtfsAttribute? FindList(ReadOnlySpan<byte> record, FileRecordHeader header, long place)
    {
        NtfsAttribute? list = null;
        ForEachPiece(record, header, place, (piece, volume) =>
        {
            if (piece.Type == AttributeType.AttributeList)
            {
                list = piece.ToAttribute(volume.Geometry.ClusterCount, volume.Geometry.ClusterSize);
            }
        });
        return list;
    }

    private void AddAll(FileRecord file, ReadOnlySpan<byte> record, FileRecordHeader header, long place) =>
        ForEachPiece(record, header, place, (piece, volume) =>
        {
            if (piece.LowestVcn != 0)
            {
                throw NtfsError.Inconsistent(FileRecordHeader.Structure, place, "an attribute goes on that has no attribute list.");
            }

            Add(file, piece.ToAttribute(volume.Geometry.ClusterCount, volume.Geometry.ClusterSize));
        });

    private void AddListed(FileRecord file, ReadOnlySpan<byte> baseRecord, FileRecordHeader baseHeader, long place)
    {
        NtfsAttribute list = file.List!;
        if (list.Length > NtfsLimits.MaxAttributeListSize)
        {
            throw NtfsError.LimitExceeded("attribute list", place, $"{list.Length} bytes; at most {NtfsLimits.MaxAttributeListSize} are supported.");
        }

        byte[] entries = AttributeIo.ReadAll(volume, list);
        var seen = new HashSet<(long Record, ushort Instance)>();
        var records = new Dictionary<long, (byte[] Bytes, FileRecordHeader Header)> { [file.Number] = (baseRecord.ToArray(), baseHeader) };
        for (int at = 0; at < entries.Length;)
        {
            var entry = new AttributeListEntry(entries.AsSpan(at));
            at += entry.Length;
            if (entry.Type == AttributeType.AttributeList || !seen.Add((entry.Record.Number, entry.Instance)))
            {
                continue;
            }

            if (!records.TryGetValue(entry.Record.Number, out var holder))
            {
                holder = LoadExtension(file, entry.Record);
                records.Add(entry.Record.Number, holder);
            }

            AddPiece(file, holder.Bytes, holder.Header, entry);
        }
    }

    private (byte[] Bytes, FileRecordHeader Header) LoadExtension(FileRecord file, FileReference reference)
    {
        byte[] bytes = new byte[RecordSize];
        ReadRaw(reference.Number, bytes);
        long place = PlaceOf(reference.Number);
        FileRecordHeader header = FileRecordHeader.Read(bytes, place);
        if (!header.IsInUse || header.Sequence != reference.Sequence || header.BaseRecord.Stored != file.Reference.Stored)
        {
            throw NtfsError.Inconsistent(FileRecordHeader.Structure, place, $"record {reference.Number} does not extend record {file.Number}.");
        }

        file.Extensions.Add(new ExtensionRecord(reference.Number, reference.Sequence) { UpdateNumber = header.UpdateNumber });
        return (bytes, header);
    }

    private void AddPiece(FileRecord file, byte[] record, FileRecordHeader header, AttributeListEntry entry)
    {
        long place = PlaceOf(entry.Record.Number);
        bool found = false;
        ForEachPiece(record, header, place, (piece, volume) =>
        {
            if (piece.Type != entry.Type || piece.Instance != entry.Instance || piece.LowestVcn != entry.LowestVcn)
            {
                return;
            }

            found = true;
            if (piece.LowestVcn == 0)
            {
                Add(file, piece.ToAttribute(volume.Geometry.ClusterCount, volume.Geometry.ClusterSize));
                return;
            }

            NtfsAttribute head = file.Require(piece.Type, piece.Name);
            piece.AppendRunsTo(head, volume.Geometry.ClusterCount);
        });
        if (!found)
        {
            throw NtfsError.Inconsistent(
                "attribute list entry", place, $"record {entry.Record.Number} has no attribute 0x{(uint)entry.Type:X} with number {entry.Instance}.");
        }
    }

    private void Add(FileRecord file, NtfsAttribute attribute)
    {
        if (attribute.Type != AttributeType.FileName && file.Find(attribute.Type, attribute.Name) is not null)
        {
            throw NtfsError.Inconsistent(
                FileRecordHeader.Structure, -1, $"record {file.Number} has two attributes 0x{(uint)attribute.Type:X} \"{attribute.Name}\".");
        }

        file.Attributes.Add(attribute);
        if (file.Number == WellKnownRecord.Mft && attribute is { Type: AttributeType.Data, Name.Length: 0, IsResident: false })
        {
            _data = attribute;
        }
    }

    private void ForEachPiece(ReadOnlySpan<byte> record, FileRecordHeader header, long place, PieceVisitor visit)
    {
        ReadOnlySpan<byte> used = record.Slice(0, header.BytesUsed);
        int at = header.AttributesOffset;
        while (at + 4 <= used.Length
            && System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(used.Slice(at)) != (uint)AttributeType.End)
        {
            var piece = new AttributePiece(used.Slice(at), place + at);
            visit(piece, volume);
            at += piece.Length;
        }
    }

    private delegate void PieceVisitor(AttributePiece piece, NtfsVolume volume);
}
