using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>
/// Puts a file's attributes into its base record and, when they do not fit, into records that extend it, with an attribute list.
/// </summary>
/// <remarks>
/// The list must say where every piece is, and its own size decides how much room the pieces have in the base record; so placing is
/// repeated with more room for the list until it fits. The file table's own runs are placed in their order, each piece in a record
/// that the pieces before it reach: a reader has nothing else to find them by.
/// </remarks>
internal sealed partial class RecordLayout
{
    private const int EndSize = 8;
    private const int ResidentListShare = 4; // a list longer than a quarter of the record moves out of it
    private readonly NtfsVolume _volume;
    private readonly FileRecord _file;
    private readonly int _recordSize;
    private readonly int _capacity;
    private List<PlacedRecord> _records = [];

    private RecordLayout(NtfsVolume volume, FileRecord file)
    {
        _volume = volume;
        _file = file;
        _recordSize = volume.Geometry.RecordSize;
        _capacity = Capacity(_recordSize);
    }

    private bool IsFileTable => _file.Number == WellKnownRecord.Mft;

    /// <summary>The longest value that an attribute may have to stay in the base record beside the others.</summary>
    public static int RoomForValue(NtfsVolume volume, FileRecord file, NtfsAttribute attribute)
    {
        if (file.List is not null)
        {
            return attribute.Value?.Length ?? 0; // already crowded: what grows moves out
        }

        int used = file.Attributes.Where(a => !ReferenceEquals(a, attribute)).Sum(a => a.RecordBytes());
        return Math.Max(0, (Capacity(volume.Geometry.RecordSize) - used - NtfsAttribute.Align8(24 + (attribute.Name.Length * 2))) & ~7);
    }

    /// <summary>The bytes that the entries of a folder's root may take beside the other attributes.</summary>
    public static int RoomForRootEntries(NtfsVolume volume, FileRecord file, NtfsAttribute root)
    {
        const int AllocationAndBitmap = 160; // what the first node outside the root adds to the record
        int used = file.Attributes.Where(a => !ReferenceEquals(a, root)).Sum(a => a.RecordBytes());
        bool hasAllocation = file.Find(AttributeType.IndexAllocation, root.Name) is not null;
        int headers = root.HeaderSize(0) + 16 + IndexNode.HeaderSize;
        return Capacity(volume.Geometry.RecordSize) - used - headers - (hasAllocation ? 0 : AllocationAndBitmap);
    }

    /// <summary>Places a file's attributes, takes and gives back records and clusters, and hands the records to be written.</summary>
    public static void Lay(NtfsVolume volume, FileRecord file, Action<long, byte[]> write) => new RecordLayout(volume, file).Lay(write);

    private static int Capacity(int recordSize) => recordSize - FileRecordHeader.FirstAttribute(recordSize) - EndSize;

    private void Lay(Action<long, byte[]> write)
    {
        MoveValuesOut();
        Sort();
        if (_file.Attributes.Sum(a => a.RecordBytes()) <= _capacity)
        {
            DropList();
            _records = [new PlacedRecord(_capacity)];
            foreach (NtfsAttribute attribute in _file.Attributes)
            {
                _records[0].Add(attribute, attribute.RecordBytes(), 0, attribute.Runs?.Count ?? 0, 0);
            }
        }
        else
        {
            PlaceWithList();
        }

        for (int i = 0; i < _records.Count; i++)
        {
            write(NumberOf(i), Compose(i));
        }
    }

    // Streams that would fill the record of a file move to clusters of their own, the longest first.
    private void MoveValuesOut()
    {
        while (_file.List is null && _file.Attributes.Sum(a => a.RecordBytes()) > _capacity)
        {
            NtfsAttribute? longest = _file.Attributes
                .Where(a => a is { IsResident: true, Value.Length: > 64 } && MayMoveOut(a.Type))
                .OrderByDescending(a => a.Value!.Length)
                .FirstOrDefault();
            if (longest is null)
            {
                return;
            }

            AttributeIo.MakeNonResident(_volume, longest);
        }
    }

    private static bool MayMoveOut(AttributeType type) =>
        type is AttributeType.Data or AttributeType.Bitmap or AttributeType.ReparsePoint or AttributeType.SecurityDescriptor;

    private void Sort()
    {
        NtfsAttribute[] sorted = _file.Attributes
            .OrderBy(a => (uint)a.Type)
            .ThenBy(a => a.Name, Comparer<string>.Create((x, y) => _volume.Text.Compare(x.AsSpan(), y.AsSpan())))
            .ToArray();
        _file.Attributes.Clear();
        _file.Attributes.AddRange(sorted);
    }

    private void Place(int listRoom)
    {
        _records = [new PlacedRecord(_capacity - listRoom)];
        foreach (NtfsAttribute attribute in _file.Attributes.OrderBy(Rank))
        {
            int size = attribute.RecordBytes();
            bool isOwnRuns = IsFileTable && attribute.Type == AttributeType.Data && attribute.Name.Length == 0;
            PlacedRecord last = _records[_records.Count - 1];
            PlacedRecord? fits = _records[0].Room >= size ? _records[0] : last.Room >= size ? last : null;
            if (fits is not null && !(isOwnRuns && !ReferenceEquals(fits, _records[0])))
            {
                fits.Add(attribute, size, 0, attribute.Runs?.Count ?? 0, 0);
            }
            else if (size <= _capacity && !isOwnRuns)
            {
                AddRecord().Add(attribute, size, 0, attribute.Runs?.Count ?? 0, 0);
            }
            else if (attribute.IsResident)
            {
                throw NtfsError.LimitExceeded(
                    FileRecordHeader.Structure, -1, $"the attribute 0x{(uint)attribute.Type:X} of record {_file.Number} is too long for a record: {size} bytes.");
            }
            else
            {
                Split(attribute);
            }
        }
    }

    // What a reader needs first stands in the base record.
    private int Rank(NtfsAttribute attribute) => attribute.Type switch
    {
        AttributeType.StandardInformation => 0,
        AttributeType.IndexRoot => 1,
        AttributeType.FileName => 2,
        AttributeType.Bitmap when IsFileTable => 3,
        AttributeType.Data when IsFileTable => 4,
        _ => 5,
    };

    private void Split(NtfsAttribute attribute)
    {
        RunList runs = attribute.Runs!;
        byte[] scratch = new byte[_recordSize];
        int run = 0;
        PlacedRecord record = _records[0];
        while (run < runs.Count)
        {
            long lowest = runs[run].Vcn;
            int header = attribute.HeaderSize(lowest);
            int room = (record.Room - header) & ~7;
            int count = 0;
            int written = 0;
            if (room >= 24) // a pair takes at most 17 bytes and the end one
            {
                count = runs.WritePairs(run, scratch.AsSpan(0, room), int.MaxValue, out written);
            }

            if (count == 0)
            {
                record = AddRecord();
                continue;
            }

            record.Add(attribute, header + NtfsAttribute.Align8(written), run, count, lowest);
            run += count;
        }
    }

    private PlacedRecord AddRecord()
    {
        int index = _records.Count - 1;
        long reach = IsFileTable ? Reach() : long.MaxValue;
        if (index < _file.Extensions.Count && _file.Extensions[index].Number >= reach)
        {
            ExtensionRecord unreachable = _file.Extensions[index];
            _volume.Files.FreeRecord(unreachable.Number, unreachable.Sequence, unreachable.UpdateNumber);
            _file.Extensions.RemoveAt(index);
        }

        if (index >= _file.Extensions.Count)
        {
            _file.Extensions.Insert(index, _volume.Files.AllocateExtension(reach));
        }

        var record = new PlacedRecord(_capacity);
        _records.Add(record);
        return record;
    }

    // How many records the table's pieces placed so far map.
    private long Reach()
    {
        long clusters = 0;
        foreach (Piece piece in _records.SelectMany(r => r.Pieces))
        {
            if (piece.Attribute.Type == AttributeType.Data && piece.Attribute.Name.Length == 0)
            {
                Run last = piece.Attribute.Runs![piece.FirstRun + piece.RunCount - 1];
                clusters = Math.Max(clusters, last.End);
            }
        }

        return clusters * _volume.Geometry.ClusterSize / _recordSize;
    }

    private byte[] Compose(int index)
    {
        byte[] bytes = new byte[_recordSize];
        ExtensionRecord? extension = index == 0 ? null : _file.Extensions[index - 1];
        ushort links = extension is null ? (ushort)_file.Names.Count() : (ushort)0;
        FileRecordHeader.Write(
            bytes,
            NumberOf(index),
            SequenceOf(index),
            links,
            extension is null ? _file.Flags : FileRecordHeader.InUse,
            extension is null ? _file.Lsn : 0,
            extension is null ? default : _file.Reference,
            extension?.UpdateNumber ?? _file.UpdateNumber);
        int at = FileRecordHeader.FirstAttribute(_recordSize);
        ushort instance = 0;
        foreach (Piece piece in _records[index].Pieces)
        {
            Write(bytes.AsSpan(at, piece.Size), piece, instance++);
            at += piece.Size;
        }

        FileRecordHeader.Finish(bytes, at, instance);
        UpdateSequence.Protect(bytes);
        ushort number = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(FileRecordHeader.Size));
        if (extension is null)
        {
            _file.UpdateNumber = number;
        }
        else
        {
            extension.UpdateNumber = number;
        }

        return bytes;
    }

    private void Write(Span<byte> target, Piece piece, ushort instance)
    {
        NtfsAttribute attribute = piece.Attribute;
        int header = attribute.HeaderSize(piece.LowestVcn);
        int nameOffset = header - NtfsAttribute.Align8(attribute.Name.Length * 2);
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)attribute.Type);
        BinaryPrimitives.WriteInt32LittleEndian(target.Slice(4), piece.Size);
        target[8] = attribute.IsResident ? (byte)0 : (byte)1;
        target[9] = (byte)attribute.Name.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(10), (ushort)nameOffset);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(12), attribute.Flags);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(14), instance);
        MemoryMarshal.AsBytes(attribute.Name.AsSpan()).CopyTo(target.Slice(nameOffset));
        if (attribute.Value is { } value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(target.Slice(16), value.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(20), (ushort)header);
            target[22] = attribute.IsIndexed ? (byte)1 : (byte)0;
            value.CopyTo(target.Slice(header));
            return;
        }

        RunList runs = attribute.Runs!;
        long highest = piece.RunCount == 0 ? -1 : runs[piece.FirstRun + piece.RunCount - 1].End - 1;
        BinaryPrimitives.WriteInt64LittleEndian(target.Slice(16), piece.LowestVcn);
        BinaryPrimitives.WriteInt64LittleEndian(target.Slice(24), highest);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(32), (ushort)header);
        target[34] = attribute.CompressionUnit;
        if (piece.LowestVcn == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(target.Slice(40), attribute.AllocatedSize);
            BinaryPrimitives.WriteInt64LittleEndian(target.Slice(48), attribute.DataSize);
            BinaryPrimitives.WriteInt64LittleEndian(target.Slice(56), attribute.InitializedSize);
            if (attribute.HasTotalAllocated)
            {
                BinaryPrimitives.WriteInt64LittleEndian(target.Slice(64), runs.CountAllocated() * _volume.Geometry.ClusterSize);
            }
        }

        if (piece.RunCount > 0)
        {
            runs.WritePairs(piece.FirstRun, target.Slice(header), piece.RunCount, out _);
        }
    }

    private readonly record struct Piece(NtfsAttribute Attribute, int Size, int FirstRun, int RunCount, long LowestVcn);

    private sealed class PlacedRecord(int room)
    {
        public int Room { get; private set; } = room;

        public List<Piece> Pieces { get; } = [];

        public void Add(NtfsAttribute attribute, int size, int firstRun, int runCount, long lowestVcn)
        {
            Pieces.Add(new Piece(attribute, size, firstRun, runCount, lowestVcn));
            Room -= size;
        }

        // By type as every reader expects; among equals in the order of placing, which is the order of names and clusters.
        public void SortPieces()
        {
            Piece[] sorted = Pieces.OrderBy(p => (uint)p.Attribute.Type).ToArray();
            Pieces.Clear();
            Pieces.AddRange(sorted);
        }
    }
}
