using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <content>Giving out records, growing the table, writing what changed.</content>
internal sealed partial class FileTable
{
    private const int GrowthRecords = 64; // the table's bitmap counts in eight bytes
    private const int MinGrowthBytes = 64 * 1024;
    private const int MaxGrowthBytes = 4 * 1024 * 1024;
    private const int MaxGatheredBytes = 1024 * 1024;
    private readonly HashSet<FileRecord> _dirty = [];
    private readonly SortedDictionary<long, byte[]> _images = [];
    private byte[]? _bits;
    private int _dirtyBitsFrom = int.MaxValue;
    private int _dirtyBitsTo;
    private long _nextFree = WellKnownRecord.FirstFree;
    private bool _isExtendingItself;

    /// <summary>Whether so much is held back that it should be written.</summary>
    public bool HoldsTooMuch => _dirty.Count > NtfsLimits.HeldBackRecords;

    /// <summary>Whether anything is held back.</summary>
    public bool HoldsAnything => _dirty.Count > 0 || _images.Count > 0;

    /// <summary>Whether a record that is given out is a file's first one.</summary>
    public bool IsBaseRecord(long number)
    {
        byte[] bytes = new byte[RecordSize];
        ReadRaw(number, bytes);
        return FileRecordHeader.HasSignature(bytes)
            && FileRecordHeader.Read(bytes, PlaceOf(number)) is { IsInUse: true, BaseRecord.Stored: 0 };
    }

    /// <summary>Whether the table's bitmap says that a record is given out.</summary>
    public bool IsGivenOut(long number) => (Bits()[(int)(number / 8)] & (1 << (int)(number & 7))) != 0;

    /// <summary>Notes that a file's records differ from the volume's.</summary>
    public void MarkDirty(FileRecord file)
    {
        file.IsDirty = true;
        _dirty.Add(file);
        _cache[file.Number] = file;
    }

    /// <summary>Makes a file with a record of its own and no attributes yet.</summary>
    public FileRecord Create()
    {
        (long number, ushort sequence, ushort update) = Allocate(WellKnownRecord.FirstFree, long.MaxValue);
        var file = new FileRecord(number, sequence) { UpdateNumber = update };
        MarkDirty(file);
        return file;
    }

    /// <summary>Puts a file of a new volume at its place.</summary>
    public void Place(FileRecord file)
    {
        if (file.Number == WellKnownRecord.Mft)
        {
            _data = file.Require(AttributeType.Data);
        }

        MarkDirty(file);
        SetBit(file.Number, isUsed: true);
    }

    /// <summary>Gives up a file and all its records.</summary>
    public void Delete(FileRecord file)
    {
        foreach (ExtensionRecord extension in file.Extensions)
        {
            FreeRecord(extension.Number, extension.Sequence, extension.UpdateNumber);
        }

        FreeRecord(file.Number, file.Sequence, file.UpdateNumber);
        file.IsDeleted = true;
        file.IsDirty = false;
        file.IsInfoDirty = false;
        _dirty.Remove(file);
        _cache.Remove(file.Number);
    }

    /// <summary>Takes a record to extend another file with.</summary>
    /// <param name="reach">The record must lie below this number. Only the file table's own are bounded so.</param>
    public ExtensionRecord AllocateExtension(long reach)
    {
        if (reach == long.MaxValue)
        {
            (long number, ushort sequence, ushort update) = Allocate(WellKnownRecord.FirstFree, reach);
            return new ExtensionRecord(number, sequence) { UpdateNumber = update };
        }

        // The table must not grow while its own place is written down; four records are kept for this, then any in reach will do.
        _isExtendingItself = true;
        try
        {
            for (long number = WellKnownRecord.FirstReserved; number < WellKnownRecord.FirstUser; number++)
            {
                if (ReadState(number) is { IsReserved: true } state && !_images.ContainsKey(number))
                {
                    SetBit(number, isUsed: true);
                    _images[number] = []; // taken: the image follows
                    return new ExtensionRecord(number, state.Sequence) { UpdateNumber = state.UpdateNumber };
                }
            }

            (long free, ushort sequence, ushort update) = Allocate(WellKnownRecord.FirstUser, reach);
            return new ExtensionRecord(free, sequence) { UpdateNumber = update };
        }
        finally
        {
            _isExtendingItself = false;
        }
    }

    /// <summary>Gives a record back; its sequence number goes on, so that old references to it are found out.</summary>
    public void FreeRecord(long number, ushort sequence, ushort updateNumber)
    {
        bool isReserved = number is >= WellKnownRecord.FirstReserved and < WellKnownRecord.FirstUser;
        ushort next = isReserved ? sequence : sequence == ushort.MaxValue ? (ushort)1 : (ushort)(sequence + 1);
        _images[number] = Blank(number, next, isReserved ? FileRecordHeader.InUse : (ushort)0, updateNumber);
        if (!isReserved)
        {
            SetBit(number, isUsed: false);
            _nextFree = Math.Min(_nextFree, Math.Max(number, WellKnownRecord.FirstFree));
        }
    }

    /// <summary>Writes all files that changed, the table's own record last, then its bitmap and its mirror.</summary>
    public void WriteBack()
    {
        foreach (FileRecord file in _dirty.Where(f => f.IsInfoDirty).ToArray())
        {
            volume.UpdateNames(file);
        }

        // Laying out a file may take records, which makes the table longer; so the table comes last, until it stays as it is.
        while (_dirty.Count > 0)
        {
            FileRecord[] files = _dirty.Where(f => f.Number != WellKnownRecord.Mft).ToArray();
            if (files.Length == 0)
            {
                WriteBits(); // before the table's record, which says how far its bitmap was written
                files = _dirty.ToArray();
            }

            foreach (FileRecord file in files)
            {
                _dirty.Remove(file);
                file.IsDirty = false;
                foreach (IndexTree tree in file.Trees.Values)
                {
                    tree.WriteBack();
                }

                RecordLayout.Lay(volume, file, (number, image) => _images[number] = image);
            }
        }

        WriteImages();
    }

    private byte[] Blank(long number, ushort sequence, ushort flags, ushort updateNumber)
    {
        byte[] bytes = new byte[RecordSize];
        FileRecordHeader.Write(bytes, number, sequence, 0, flags, 0, default, updateNumber);
        FileRecordHeader.Finish(bytes, FileRecordHeader.FirstAttribute(RecordSize), 0);
        UpdateSequence.Protect(bytes);
        return bytes;
    }

    private (long Number, ushort Sequence, ushort UpdateNumber) Allocate(long from, long reach)
    {
        byte[] bits = Bits();
        long start = from == WellKnownRecord.FirstFree ? _nextFree : from;
        while (true)
        {
            long usable = Math.Min(Data.InitializedSize / RecordSize, reach);
            for (long number = start; number < usable; number++)
            {
                if ((number & 7) == 0 && bits[number / 8] == 0xFF)
                {
                    number += 7;
                    continue;
                }

                if ((bits[number / 8] & (1 << (int)(number & 7))) != 0)
                {
                    continue;
                }

                RecordState state = ReadState(number);
                SetBit(number, isUsed: true);
                if (!state.IsInUse)
                {
                    _images.Remove(number);
                    _nextFree = from == WellKnownRecord.FirstFree ? number + 1 : _nextFree;
                    return (number, state.Sequence == 0 ? (ushort)1 : state.Sequence, state.UpdateNumber);
                }

                // A record in use that the bitmap calls free is another writer's fault: it is left alone, and stays taken.
            }

            if (reach != long.MaxValue)
            {
                throw NtfsError.NoSpace($"the file table is in too many pieces: none of its first {reach} records is free to say where the others are.");
            }

            start = usable;
            Grow();
            bits = Bits();
        }
    }

    private RecordState ReadState(long number)
    {
        byte[] bytes = new byte[RecordSize];
        if (_images.TryGetValue(number, out byte[]? image) && image.Length > 0)
        {
            image.CopyTo(bytes, 0);
        }
        else
        {
            ReadRaw(number, bytes);
        }

        if (!FileRecordHeader.HasSignature(bytes))
        {
            return default;
        }

        try
        {
            FileRecordHeader header = FileRecordHeader.Read(bytes, PlaceOf(number));
            bool isReserved = header.IsInUse && header.BaseRecord.Stored == 0
                && BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(18)) == 0;
            return new RecordState(header.IsInUse, isReserved, header.Sequence, header.UpdateNumber);
        }
        catch (DiskFormatException)
        {
            return default; // nobody uses the record, so what is wrong with it does not matter
        }
    }

    private byte[] Bits()
    {
        if (_bits is not null)
        {
            return _bits;
        }

        FileRecord table = Get(WellKnownRecord.Mft);
        NtfsAttribute bitmap = table.Require(AttributeType.Bitmap);
        long needed = ((RecordCount + 63) / 64) * 8;
        if (bitmap.Length > (NtfsLimits.MaxRecordNumber / 8) + 8 || bitmap.IsCompressed)
        {
            throw NtfsError.LimitExceeded("$MFT:$BITMAP", -1, $"{bitmap.Length} bytes.");
        }

        _bits = new byte[Math.Max(needed, bitmap.Length)];
        AttributeIo.ReadPlain(volume, bitmap, 0, _bits.AsSpan(0, (int)bitmap.Length));
        return _bits;
    }

    private void SetBit(long number, bool isUsed)
    {
        byte[] bits = Bits();
        int index = (int)(number / 8);
        int mask = 1 << (int)(number & 7);
        bits[index] = (byte)(isUsed ? bits[index] | mask : bits[index] & ~mask & 0xFF);
        _dirtyBitsFrom = Math.Min(_dirtyBitsFrom, index);
        _dirtyBitsTo = Math.Max(_dirtyBitsTo, index + 1);
        MarkDirty(Get(WellKnownRecord.Mft));
    }

    private void Grow()
    {
        if (_isExtendingItself)
        {
            throw NtfsError.NoSpace("the file table has no record left for its own extension.");
        }

        FileRecord table = Get(WellKnownRecord.Mft);
        NtfsAttribute data = Data;
        long records = ((RecordCount / GrowthRecords) + 1) * GrowthRecords;
        if (records > NtfsLimits.MaxRecordNumber)
        {
            throw NtfsError.NoSpace("the file table has no more numbers.");
        }

        if (data.DataSize - data.InitializedSize > MaxGrowthBytes)
        {
            throw NtfsError.NotSupported(string.Empty, "a file table that was never written in a large part is not supported.");
        }

        // Room is taken in steps that grow with the table, so that its runs stay few; records are formatted as they are needed.
        long wanted = records * RecordSize;
        if (wanted > data.AllocatedSize)
        {
            long step = Math.Min(MaxGrowthBytes, Math.Max(MinGrowthBytes, data.AllocatedSize / 8));
            long generous = Math.Min(Math.Max(wanted, data.AllocatedSize + step), NtfsLimits.MaxStreamLength);
            Reserve(table, data, wanted, generous);
        }

        long from = data.InitializedSize / RecordSize;
        byte[] blanks = new byte[(records - from) * RecordSize];
        for (long number = from; number < records; number++)
        {
            Blank(number, 1, 0, 0).CopyTo(blanks, (int)((number - from) * RecordSize));
        }

        AttributeIo.WriteClusters(volume, data, from * RecordSize, blanks);
        data.DataSize = wanted;
        data.InitializedSize = wanted;
        NtfsAttribute bitmap = table.Require(AttributeType.Bitmap);
        Array.Resize(ref _bits, (int)Math.Max(_bits!.Length, records / 8));
        if (bitmap.Length < _bits.Length)
        {
            if (bitmap.IsResident)
            {
                AttributeIo.MakeNonResident(volume, bitmap);
            }

            AttributeIo.SetLength(volume, table, bitmap, _bits.Length);
            _dirtyBitsFrom = 0;
            _dirtyBitsTo = _bits.Length;
        }

        MarkDirty(table);
    }

    private void Reserve(FileRecord table, NtfsAttribute data, long wanted, long generous)
    {
        long length = data.DataSize;
        try
        {
            AttributeIo.SetLength(volume, table, data, generous);
        }
        catch (DiskFormatException full) when (full.Defect == DiskFormatDefect.NoSpace && generous > wanted)
        {
            AttributeIo.SetLength(volume, table, data, wanted);
        }

        data.DataSize = length;
    }

    private void WriteBits()
    {
        if (_dirtyBitsTo == 0)
        {
            return;
        }

        FileRecord table = Get(WellKnownRecord.Mft);
        NtfsAttribute bitmap = table.Require(AttributeType.Bitmap);
        AttributeIo.Write(volume, table, bitmap, _dirtyBitsFrom, _bits.AsSpan(_dirtyBitsFrom, _dirtyBitsTo - _dirtyBitsFrom));
        _dirtyBitsFrom = int.MaxValue;
        _dirtyBitsTo = 0;
    }

    private void WriteImages()
    {
        NtfsAttribute mirror = Get(WellKnownRecord.MftMirror).Require(AttributeType.Data);
        long mirrored = mirror.IsResident ? 0 : mirror.DataSize / RecordSize;
        byte[] gathered = new byte[(int)Math.Min((long)_images.Count * RecordSize, MaxGatheredBytes)];
        int used = 0;
        long start = -1;
        foreach (KeyValuePair<long, byte[]> pair in _images)
        {
            if (pair.Key < mirrored)
            {
                // Byte-equal, update sequence included, or other readers refuse the volume.
                AttributeIo.WriteClusters(volume, mirror, pair.Key * RecordSize, pair.Value);
            }

            if (used > 0 && (pair.Key != start + (used / RecordSize) || used + RecordSize > gathered.Length))
            {
                AttributeIo.WriteClusters(volume, Data, start * RecordSize, gathered.AsSpan(0, used));
                used = 0;
            }

            start = used == 0 ? pair.Key : start;
            pair.Value.CopyTo(gathered, used);
            used += RecordSize;
        }

        if (used > 0)
        {
            AttributeIo.WriteClusters(volume, Data, start * RecordSize, gathered.AsSpan(0, used));
        }

        _images.Clear();
    }

    private readonly record struct RecordState(bool IsInUse, bool IsReserved, ushort Sequence, ushort UpdateNumber);
}
