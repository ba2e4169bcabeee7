using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Registry;

internal sealed partial class HiveEditor
{
    /// <summary>Makes a key that is absent.</summary>
    /// <param name="parent">The key above.</param>
    /// <param name="name">The new key's name.</param>
    /// <param name="className">Its class name.</param>
    /// <returns>Its offset.</returns>
    public uint CreateKey(KeyNode parent, string name, string className)
    {
        CheckKeyName(name);
        CheckClassName(className);
        SecurityCell.Read(cells, parent.Security);
        uint key = HiveFormat.Nil;
        Change(() =>
        {
            key = AllocateKey(name, parent.Offset, flags: 0);
            PutKey(key, KeyNode.SecurityAt, parent.Security);
            AddReference(parent.Security);
            PutClass(key, className);
            InsertSubKey(parent, key, name);
            PutKey(parent.Offset, KeyNode.SubKeyCountAt, parent.SubKeyCount + 1);
            RaiseLargestName(parent.Offset, name.Length * 2);
            RaiseKey(parent.Offset, KeyNode.LargestClassAt, className.Length * 2);
            Touch(key);
            Touch(parent.Offset);
        });
        return key;
    }

    /// <summary>Deletes a key with all under it.</summary>
    /// <param name="parent">The key above.</param>
    /// <param name="key">The key.</param>
    public void DeleteKey(KeyNode parent, uint key) => Change(() =>
    {
        RemoveSubKey(parent, key);
        uint left = parent.SubKeyCount - 1;
        PutKey(parent.Offset, KeyNode.SubKeyCountAt, left);
        if (left == 0)
        {
            Pages.WriteUInt16((int)parent.Offset + 4 + KeyNode.LargestNameAt, 0);
            PutKey(parent.Offset, KeyNode.LargestClassAt, 0);
        }

        Touch(parent.Offset);
        FreeTree(key, 0);
    });

    /// <summary>Sets a key's class name.</summary>
    /// <param name="key">The key.</param>
    /// <param name="className">The new one; empty for none.</param>
    public void SetClassName(KeyNode key, string className)
    {
        CheckClassName(className);
        Change(() =>
        {
            if (key.ClassLength > 0 && key.Class != HiveFormat.Nil)
            {
                Free(key.Class, HiveFormat.ClassName);
            }

            PutClass(key.Offset, className);
            Touch(key.Offset);
            if ((key.Flags & KeyNode.FlagRoot) == 0)
            {
                RaiseKey(KeyNode.Read(cells, key.Parent).Offset, KeyNode.LargestClassAt, className.Length * 2);
            }
        });
    }

    private static void CheckKeyName(string name)
    {
        if (name.Length is 0 or > HiveFormat.MaxKeyNameLength || name.IndexOf('\\') >= 0)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded,
                HiveFormat.KeyNodeName,
                -1,
                $"'{name}' is not the name of a key: one has 1 to {HiveFormat.MaxKeyNameLength} characters and no \\.");
        }
    }

    private static void CheckClassName(string className)
    {
        if (className.Length > ushort.MaxValue / 2)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded, HiveFormat.ClassName, -1, $"it has {className.Length} characters, and {ushort.MaxValue / 2} are the most.");
        }
    }

    private uint AllocateKey(string name, uint parent, int flags)
    {
        bool compressed = HiveText.IsCompressible(name);
        byte[] raw = HiveText.Encode(name, compressed);
        byte[] content = new byte[KeyNode.FixedSize + raw.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(content, HiveFormat.Nk);
        BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(2), (ushort)(flags | (compressed ? KeyNode.FlagCompressedName : 0)));
        BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(KeyNode.LastWrittenAt), Now());
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(KeyNode.ParentAt), parent);
        foreach (int nil in (ReadOnlySpan<int>)[KeyNode.SubKeyListAt, KeyNode.VolatileListAt, KeyNode.ValueListAt, KeyNode.ClassAt])
        {
            BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(nil), HiveFormat.Nil);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(KeyNode.NameLengthAt), (ushort)raw.Length);
        raw.CopyTo(content, KeyNode.FixedSize);
        return AllocateWith(content, HiveFormat.KeyNodeName);
    }

    private void PutClass(uint key, string className)
    {
        uint cell = className.Length == 0
            ? HiveFormat.Nil
            : AllocateWith(HiveText.Encode(className, compressed: false), HiveFormat.ClassName);
        PutKey(key, KeyNode.ClassAt, cell);
        Pages.WriteUInt16((int)key + 4 + KeyNode.ClassLengthAt, (ushort)(className.Length * 2));
    }

    // The upper half of this field holds flags since Windows Vista.
    private void RaiseLargestName(uint key, int bytes)
    {
        int place = (int)key + 4 + KeyNode.LargestNameAt;
        if (Pages.ReadUInt16(place) < bytes)
        {
            Pages.WriteUInt16(place, (ushort)bytes);
        }
    }

    // A list that names a key twice, or one above, meets a freed cell or the depth limit.
    private void FreeTree(uint offset, int depth)
    {
        RegistryKey.CheckDepth(offset, depth);
        KeyNode key = KeyNode.Read(cells, offset);
        var cursor = new SubKeyCursor(cells, key);
        while (cursor.MoveNext())
        {
            FreeTree(cursor.Current, depth + 1);
        }

        FreeSubKeyList(key);
        int list = RegistryKey.OpenValueList(cells, key, out int count);
        for (int i = 0; i < count; i++)
        {
            FreeValue(ValueNode.Read(cells, Pages.ReadUInt32(list + (4 * i))));
        }

        if (count > 0)
        {
            Free(key.ValueList, HiveFormat.ValueListName);
        }

        if (key.ClassLength > 0 && key.Class != HiveFormat.Nil)
        {
            Free(key.Class, HiveFormat.ClassName);
        }

        DropReference(key.Security);
        Free(offset, HiveFormat.KeyNodeName);
    }
}
