using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Registry;

internal sealed partial class HiveEditor
{
    private const int MaxInline = 4;

    /// <summary>Sets a value; nothing changes when it is so already.</summary>
    /// <param name="key">The key.</param>
    /// <param name="index">Where the value is in the key's list; -1 when it is absent.</param>
    /// <param name="old">The value as it is, when it is there.</param>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type.</param>
    /// <param name="data">Its bytes.</param>
    public void SetValue(KeyNode key, int index, ValueNode old, string name, uint type, byte[] data)
    {
        CheckValue(key, name, data.Length);
        if (index >= 0)
        {
            byte[] buffer = [];
            if (old.Type == type && old.Size == data.Length && old.ReadData(cells, ref buffer).SequenceEqual(data))
            {
                return;
            }

            Change(() =>
            {
                ReplaceData(old, data);
                Pages.WriteUInt32(old.Start + ValueNode.TypeAt, type);
                FinishValue(key.Offset, 0, data.Length);
            });
            return;
        }

        Change(() =>
        {
            AppendToList(key, AllocateValue(name, type, data));
            FinishValue(key.Offset, name.Length * 2, data.Length);
        });
    }

    /// <summary>Deletes a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="index">Where the value is in the key's list.</param>
    /// <param name="value">The value.</param>
    public void DeleteValue(KeyNode key, int index, ValueNode value) => Change(() =>
    {
        int list = RegistryKey.OpenValueList(cells, key, out int count);
        byte[] rest = Pages.Read(list + (4 * (index + 1)), 4 * (count - index - 1)).ToArray();
        FreeValue(value);
        if (count == 1)
        {
            Free(key.ValueList, HiveFormat.ValueListName);
            PutKey(key.Offset, KeyNode.ValueListAt, HiveFormat.Nil);
            PutKey(key.Offset, KeyNode.LargestValueNameAt, 0);
            PutKey(key.Offset, KeyNode.LargestValueDataAt, 0);
        }
        else
        {
            Pages.Write(list + (4 * index), rest);
            Pages.WriteUInt32(list + (4 * (count - 1)), 0);
        }

        PutKey(key.Offset, KeyNode.ValueCountAt, (uint)count - 1);
        Touch(key.Offset);
    });

    private void CheckValue(in KeyNode key, string name, int size)
    {
        if ((key.Flags & KeyNode.FlagPredefinedHandle) != 0)
        {
            throw HiveFormat.Bad(
                DiskFormatDefect.NotSupported, HiveFormat.KeyNodeName, key.Offset, "it stands for a predefined handle, and such a key has no values to write.");
        }

        if (name.Length > HiveFormat.MaxValueNameLength)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded, HiveFormat.ValueName, -1, $"its name has {name.Length} characters, and {HiveFormat.MaxValueNameLength} are the most.");
        }

        if (size > HiveFormat.BigDataSegment && cells.MinorVersion < HiveFormat.BigDataVersion)
        {
            throw new DiskFormatException(
                DiskFormatDefect.NotSupported,
                HiveFormat.BigDataName,
                -1,
                $"the value '{name}' has {size} bytes, and a hive of version 1.{cells.MinorVersion} takes {HiveFormat.BigDataSegment} at the most.");
        }

        if (BigData.SegmentCount(size) > ushort.MaxValue)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded, HiveFormat.BigDataName, -1, $"the value '{name}' has {size} bytes, more than {ushort.MaxValue} segments hold.");
        }
    }

    private void FinishValue(uint key, int nameBytes, int dataBytes)
    {
        RaiseKey(key, KeyNode.LargestValueNameAt, nameBytes);
        RaiseKey(key, KeyNode.LargestValueDataAt, dataBytes);
        Touch(key);
    }

    private uint AllocateValue(string name, uint type, byte[] data)
    {
        bool compressed = HiveText.IsCompressible(name);
        byte[] raw = HiveText.Encode(name, compressed);
        byte[] content = new byte[ValueNode.FixedSize + raw.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(content, HiveFormat.Vk);
        BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(2), (ushort)raw.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(ValueNode.TypeAt), type);
        BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(16), (ushort)(compressed && raw.Length > 0 ? ValueNode.FlagCompressedName : 0));
        raw.CopyTo(content, ValueNode.FixedSize);
        uint cell = AllocateWith(content, HiveFormat.ValueName);
        PutData((int)cell + 4, data);
        return cell;
    }

    private void ReplaceData(in ValueNode value, byte[] data)
    {
        // A plain cell that is great enough, and not wastefully so, is used again: no other page changes then.
        if (!value.IsInline && value.Size > 0 && data.Length is > MaxInline and <= HiveFormat.BigDataSegment)
        {
            int start = cells.Open(value.Data, HiveFormat.ValueDataName, 0, out int length);
            if (length >= value.Size && length >= data.Length && length <= (2 * data.Length) + 64)
            {
                byte[] whole = new byte[length];
                data.CopyTo(whole, 0);
                Pages.Write(start, whole);
                Pages.WriteUInt32(value.Start + ValueNode.DataSizeAt, (uint)data.Length);
                return;
            }
        }

        FreeData(value);
        PutData(value.Start, data);
    }

    private void PutData(int start, byte[] data)
    {
        uint size = (uint)data.Length;
        uint place;
        if (data.Length <= MaxInline)
        {
            Span<byte> inline = stackalloc byte[MaxInline];
            inline.Clear();
            data.CopyTo(inline);
            place = BinaryPrimitives.ReadUInt32LittleEndian(inline);
            size |= ValueNode.Inline;
        }
        else
        {
            place = data.Length > HiveFormat.BigDataSegment ? AllocateBigData(data) : AllocateWith(data, HiveFormat.ValueDataName);
        }

        Pages.WriteUInt32(start + ValueNode.DataSizeAt, size);
        Pages.WriteUInt32(start + ValueNode.DataAt, place);
    }

    private uint AllocateBigData(byte[] data)
    {
        int count = BigData.SegmentCount(data.Length);
        byte[] list = new byte[4 * count];
        for (int i = 0; i < count; i++)
        {
            // Windows' segments have four bytes more than the data in them.
            int size = BigData.SegmentSize(data.Length, i);
            uint segment = _allocator.Allocate(size + 4, HiveFormat.BigDataName);
            Pages.Write((int)segment + 4, data.AsSpan(i * HiveFormat.BigDataSegment, size));
            BinaryPrimitives.WriteUInt32LittleEndian(list.AsSpan(4 * i), segment);
        }

        byte[] record = new byte[BigData.FixedSize];
        BinaryPrimitives.WriteUInt16LittleEndian(record, HiveFormat.Db);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(2), (ushort)count);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), AllocateWith(list, HiveFormat.BigDataName));
        return AllocateWith(record, HiveFormat.BigDataName);
    }

    private void AppendToList(in KeyNode key, uint value)
    {
        int list = RegistryKey.OpenValueList(cells, key, out int count);
        int room = 0;
        if (count > 0)
        {
            cells.Open(key.ValueList, HiveFormat.ValueListName, 0, out room);
        }

        if (room < 4 * (count + 1))
        {
            byte[] old = count == 0 ? [] : Pages.Read(list, 4 * count).ToArray();
            uint cell = _allocator.Allocate(4 * (count + 1 + (count / 4)), HiveFormat.ValueListName);
            list = (int)cell + 4;
            Pages.Write(list, old);
            if (count > 0)
            {
                Free(key.ValueList, HiveFormat.ValueListName);
            }

            PutKey(key.Offset, KeyNode.ValueListAt, cell);
        }

        Pages.WriteUInt32(list + (4 * count), value);
        PutKey(key.Offset, KeyNode.ValueCountAt, (uint)count + 1);
    }

    private void FreeValue(in ValueNode value)
    {
        FreeData(value);
        Free(value.Offset, HiveFormat.ValueName);
    }

    private void FreeData(in ValueNode value)
    {
        if (value.IsInline || value.Size == 0)
        {
            return;
        }

        cells.Open(value.Data, HiveFormat.ValueDataName, 0, out int length);
        if (length < value.Size)
        {
            int list = BigData.OpenList(cells, value.Data, value.Size, out int count);
            for (int i = 0; i < count; i++)
            {
                Free(Pages.ReadUInt32(list + (4 * i)), HiveFormat.BigDataName);
            }

            Free((uint)list - 4, HiveFormat.BigDataName);
        }

        Free(value.Data, HiveFormat.ValueDataName);
    }
}
