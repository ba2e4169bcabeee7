
namespace VmUpdate.DiskFormats.Ntfs;

/// <content>The list of attributes that a file of several records has.</content>
internal sealed partial class RecordLayout
{
    private void DropList()
    {
        if (_file.List is { } list)
        {
            AttributeIo.MakeEmpty(_volume, list);
            _file.List = null;
        }

        foreach (ExtensionRecord extension in _file.Extensions)
        {
            _volume.Files.FreeRecord(extension.Number, extension.Sequence, extension.UpdateNumber);
        }

        _file.Extensions.Clear();
    }

    private void PlaceWithList()
    {
        NtfsAttribute list = _file.List ??= new NtfsAttribute(AttributeType.AttributeList, string.Empty) { Value = [] };
        int room = Math.Min(list.RecordBytes(), _recordSize / ResidentListShare);
        while (true)
        {
            Place(room);
            int size = _records.Sum(r => r.Pieces.Sum(p => AttributeListEntry.SizeFor(p.Attribute.Name)));
            if (size > NtfsLimits.MaxAttributeListSize)
            {
                throw NtfsError.LimitExceeded(
                    "attribute list", -1, $"record {_file.Number} is in too many pieces; a list may have {NtfsLimits.MaxAttributeListSize} bytes.");
            }

            SizeList(list, size);
            if (list.RecordBytes() <= room)
            {
                break;
            }

            room = list.RecordBytes();
        }

        for (int i = _file.Extensions.Count - 1; i > _records.Count - 2; i--)
        {
            _volume.Files.FreeRecord(_file.Extensions[i].Number, _file.Extensions[i].Sequence, _file.Extensions[i].UpdateNumber);
            _file.Extensions.RemoveAt(i);
        }

        _records[0].Add(list, list.RecordBytes(), 0, list.Runs?.Count ?? 0, 0);
        _records.ForEach(r => r.SortPieces());
        WriteList(list);
    }

    private void SizeList(NtfsAttribute list, int size)
    {
        if (list.IsResident && NtfsAttribute.Align8(24 + size) > _recordSize / ResidentListShare)
        {
            AttributeIo.MakeNonResident(_volume, list);
        }

        if (list.IsResident)
        {
            list.Value = new byte[size];
        }
        else if (size != list.DataSize)
        {
            AttributeIo.SetLength(_volume, _file, list, size);
        }
    }

    private void WriteList(NtfsAttribute list)
    {
        byte[] bytes = new byte[list.Length];
        int at = 0;
        var pieces = _records.SelectMany((record, index) => record.Pieces.Select((piece, instance) => (piece, index, instance)))
            .Where(p => !ReferenceEquals(p.piece.Attribute, list))
            .OrderBy(p => _file.Attributes.IndexOf(p.piece.Attribute))
            .ThenBy(p => p.piece.LowestVcn);
        foreach ((Piece piece, int index, int instance) in pieces)
        {
            NtfsAttribute attribute = piece.Attribute;
            AttributeListEntry.Write(
                bytes.AsSpan(at), attribute.Type, attribute.Name, piece.LowestVcn, new FileReference(NumberOf(index), SequenceOf(index)), (ushort)instance);
            at += AttributeListEntry.SizeFor(attribute.Name);
        }

        if (list.IsResident)
        {
            list.Value = bytes;
        }
        else
        {
            AttributeIo.WriteClusters(_volume, list, 0, bytes);
            list.InitializedSize = bytes.Length;
        }
    }

    private long NumberOf(int index) => index == 0 ? _file.Number : _file.Extensions[index - 1].Number;

    private ushort SequenceOf(int index) => index == 0 ? _file.Sequence : _file.Extensions[index - 1].Sequence;
}
