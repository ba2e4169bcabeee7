using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <content>The names of files: in their records, in the folders that hold them, in the indexes beside.</content>
public sealed partial class NtfsVolume
{
    /// <summary>Brings the copies of times, lengths and bits in the folders' indexes up to date.</summary>
    internal void UpdateNames(FileRecord file)
    {
        file.IsInfoDirty = false;
        byte[] standard = file.RequireValue(AttributeType.StandardInformation, StandardInformation.OldSize);
        Span<byte> info = stackalloc byte[FileNameValue.InfoSize];
        foreach (NtfsAttribute name in file.Names)
        {
            WriteInfo(file, standard, name.Value, info);
            FileRecord folder = Files.Get(new FileNameValue(name.Value).Parent);
            if (!IndexTree.Of(this, folder).UpdateInfo(name.Value, info) && file.Number >= WellKnownRecord.FirstUser)
            {
                throw NtfsError.Inconsistent("$FILE_NAME", -1, $"record {folder.Number} does not list its entry of record {file.Number}.");
            }
        }
    }

    /// <summary>Gives one of the volume's own files its name.</summary>
    internal void AddSystemName(FileRecord file, FileRecord folder, string name, byte nameSpace) => AddName(file, folder, name, nameSpace);

    private void WriteInfo(FileRecord file, byte[] standard, ReadOnlySpan<byte> name, Span<byte> info)
    {
        standard.AsSpan(0, 32).CopyTo(info);
        NtfsAttribute? data = file.IsDirectory ? null : file.Find(AttributeType.Data);
        BinaryPrimitives.WriteInt64LittleEndian(info.Slice(32), data is null ? 0 : AllocatedOf(data));
        BinaryPrimitives.WriteInt64LittleEndian(info.Slice(40), data?.Length ?? 0);
        uint bits = new StandardInformation(standard).Attributes & ~(FileNameValue.DirectoryBit | FileNameValue.ViewIndexBit);
        bits |= file.IsDirectory ? FileNameValue.DirectoryBit : 0;
        bits |= (file.Flags & FileRecordHeader.ViewIndex) != 0 ? FileNameValue.ViewIndexBit : 0;
        BinaryPrimitives.WriteUInt32LittleEndian(info.Slice(48), bits);
        name.Slice(60, 4).CopyTo(info.Slice(52)); // the reparse tag or the extended attributes' size does not change here
    }

    private long AllocatedOf(NtfsAttribute data)
    {
        if (data.Value is { } value)
        {
            return NtfsAttribute.Align8(value.Length);
        }

        return data.HasTotalAllocated ? data.Runs!.CountAllocated() * ClusterSize : data.AllocatedSize;
    }

    private static StandardInformation StandardOf(FileRecord file) =>
        new(file.RequireValue(AttributeType.StandardInformation, StandardInformation.OldSize));

    private static bool IsSame(IndexEntry there, Found found, FileRecord folder) =>
        there.File.Number == found.File.Number && new FileNameValue(found.Name!.Value).Parent.Number == folder.Number
        && found.File.Names.Count(n => new FileNameValue(n.Value) is { Namespace: not FileNameValue.Dos } v && v.Parent.Number == folder.Number) == 1;

    private void AddName(FileRecord file, FileRecord folder, string name, byte nameSpace = FileNameValue.Posix)
    {
        byte[] value = FileNameValue.Create(folder.Reference, name, nameSpace);
        WriteInfo(file, file.RequireValue(AttributeType.StandardInformation, StandardInformation.OldSize), value, value.AsSpan(FileNameValue.InfoOffset));
        if (file.Find(AttributeType.ReparsePoint) is not null)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(60), ReparseTagOf(file));
        }

        file.Attributes.Add(new NtfsAttribute(AttributeType.FileName, string.Empty) { Value = value, IsIndexed = true });
        IndexTree.Of(this, folder).Insert(IndexTree.NameEntry(file.Reference, value));
        file.IsInfoDirty = true;
        Files.MarkDirty(file);
    }

    private void RemoveName(FileRecord file, NtfsAttribute name)
    {
        var value = new FileNameValue(name.Value);
        ulong parent = value.Parent.Stored;
        List<NtfsAttribute> removed = [name];
        if (value.Namespace == FileNameValue.Win32)
        {
            removed.AddRange(file.Names.Where(
                n => new FileNameValue(n.Value) is { Namespace: FileNameValue.Dos } dos && dos.Parent.Stored == parent));
        }

        IndexTree tree = IndexTree.Of(this, Files.Get(value.Parent));
        foreach (NtfsAttribute gone in removed)
        {
            if (!tree.Remove(gone.Value))
            {
                throw NtfsError.Inconsistent("$FILE_NAME", -1, $"the folder does not list an entry of record {file.Number}.");
            }

            file.Attributes.Remove(gone);
        }

        Files.MarkDirty(file);
    }

    private void RemoveFromExtendIndexes(FileRecord file)
    {
        if (ReparseTagOf(file) is var tag and not 0)
        {
            byte[] key = new byte[12];
            BinaryPrimitives.WriteUInt32LittleEndian(key, tag);
            BinaryPrimitives.WriteUInt64LittleEndian(key.AsSpan(4), file.Reference.Stored);
            RemoveFromExtendIndex("$Reparse", "$R", key);
        }

        if (file.Find(AttributeType.ObjectId)?.Value is { Length: >= 16 } id)
        {
            RemoveFromExtendIndex("$ObjId", "$O", id.AsSpan(0, 16).ToArray());
        }
    }

    private void RemoveFromExtendIndex(string name, string index, byte[] key)
    {
        if (Lookup(GuestPath.Parse($"$Extend\\{name}")) is { } found && found.File.Find(AttributeType.IndexRoot, index) is not null)
        {
            IndexTree.Of(this, found.File, index).Remove(key);
        }
    }
}
