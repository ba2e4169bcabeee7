using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <content>Making, changing and removing files and folders.</content>
public sealed partial class NtfsVolume
{
    private const FileAttributes SettableAttributes = FileAttributes.ReadOnly | FileAttributes.Hidden | FileAttributes.System
        | FileAttributes.Archive | FileAttributes.Temporary | FileAttributes.Offline | FileAttributes.NotContentIndexed;

    private ClusterBitmap? _clusters;

    /// <summary>Free room, in bytes. The first time it is asked for, the whole $Bitmap is read.</summary>
    public long FreeBytes
    {
        get
        {
            lock (_gate)
            {
                return Clusters.FreeClusters * ClusterSize;
            }
        }
    }

    /// <summary>Which clusters are in use.</summary>
    internal ClusterBitmap Clusters => _clusters ??= new ClusterBitmap(this);

    /// <summary>Makes a file or folder.</summary>
    /// <param name="path">Where; the folder above must exist.</param>
    /// <param name="properties">What it is to be. What is not given is inherited or taken from the clock.</param>
    /// <exception cref="DiskFormatException">The folder above is not there, something of that name is, or there is no room.</exception>
    public void Create(GuestPath path, NtfsCreateProperties properties)
    {
        lock (_gate)
        {
            Begin();
            Found folder = RequireFolderAbove(path);
            if (IndexTree.Of(this, folder.File).FindName(path.Name) is not null)
            {
                throw NtfsError.AlreadyExists(path.ToString(), "a file or folder of that name is there already.");
            }

            uint securityId = SecurityIdFor(properties.SecurityDescriptor, folder.File, properties.IsDirectory);
            DateTime now = _utcNow();
            uint attributes = (uint)((properties.Attributes ?? DefaultAttributes(properties.IsDirectory)) & SettableAttributes);
            FileRecord file = Files.Create();
            AddStandardInformation(file, properties.Times ?? new NtfsTimes(now, now, now, now), attributes, securityId);
            if (properties.IsDirectory)
            {
                file.Flags |= FileRecordHeader.Directory;
                byte[] root = IndexTree.CreateRoot(Geometry, AttributeType.FileName, IndexCollation.FileName);
                file.Attributes.Add(new NtfsAttribute(AttributeType.IndexRoot, IndexTree.NamesIndex) { Value = root });
            }
            else
            {
                file.Attributes.Add(new NtfsAttribute(AttributeType.Data, string.Empty) { Value = [] });
            }

            AddName(file, folder.File, path.Name);
            Touch(folder.File, isDataChanged: true);
            WriteBackIfTooMuch();
        }
    }

    /// <summary>Makes an empty named stream of a file.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="streamName">The stream's name.</param>
    /// <exception cref="DiskFormatException">There is no such file, or it has a stream of that name.</exception>
    public void CreateStream(GuestPath path, string streamName)
    {
        if (streamName.Length is 0 or > NtfsLimits.MaxNameLength || streamName.IndexOfAny(['\0', '/', '\\', ':']) >= 0)
        {
            throw new ArgumentException($"'{streamName}' is not a name of a stream.", nameof(streamName));
        }

        lock (_gate)
        {
            Begin();
            Found found = Require(path);
            RequireWritable(found);
            if (FindStream(found.File, streamName) is not null)
            {
                throw NtfsError.AlreadyExists(path.ToString(), $"it has a stream '{streamName}' already.");
            }

            found.File.Attributes.Add(new NtfsAttribute(AttributeType.Data, streamName) { Value = [] });
            Touch(found.File, isDataChanged: false);
            WriteBackIfTooMuch();
        }
    }

    /// <summary>Removes a named stream.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="streamName">The stream's name.</param>
    /// <exception cref="DiskFormatException">There is no such file or stream.</exception>
    public void DeleteStream(GuestPath path, string streamName)
    {
        if (streamName.Length == 0)
        {
            throw new ArgumentException("The unnamed stream goes with the file.", nameof(streamName));
        }

        lock (_gate)
        {
            Begin();
            Found found = Require(path);
            RequireWritable(found);
            NtfsAttribute stream = FindStream(found.File, streamName)
                ?? throw NtfsError.NotFound(path.ToString(), $"it has no stream '{streamName}'.");
            RequireNoOpenStreams(found);
            AttributeIo.MakeEmpty(this, stream);
            found.File.Attributes.Remove(stream);
            Touch(found.File, isDataChanged: false);
            WriteBackIfTooMuch();
        }
    }

    /// <summary>Sets times and attributes; what is null stays.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="times">The four times.</param>
    /// <param name="attributes">The attribute bits; those that say what the file is made of (folder, compressed, sparse, reparse point) stay.</param>
    /// <exception cref="DiskFormatException">There is no such file.</exception>
    public void SetBasicInfo(GuestPath path, NtfsTimes? times, FileAttributes? attributes)
    {
        lock (_gate)
        {
            Begin();
            Found found = Require(path);
            RequireWritable(found);
            Touch(found.File, isDataChanged: false);
            StandardInformation standard = StandardOf(found.File);
            if (attributes is { } bits)
            {
                standard.SetAttributes((standard.Attributes & ~(uint)SettableAttributes) | (uint)(bits & SettableAttributes));
            }

            if (times is { } given)
            {
                standard.SetTimes(given);
            }

            WriteBackIfTooMuch();
        }
    }

    /// <summary>Sets a security descriptor.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="descriptor">Self-relative.</param>
    /// <exception cref="DiskFormatException">There is no such file, or the descriptor is none.</exception>
    public void SetSecurityDescriptor(GuestPath path, ReadOnlySpan<byte> descriptor)
    {
        SecurityInheritance.Check(descriptor);
        lock (_gate)
        {
            Begin();
            Found found = Require(path);
            RequireWritable(found);
            SetSecurityId(found.File, Security.Add(descriptor));
            Touch(found.File, isDataChanged: false);
            WriteBackIfTooMuch();
        }
    }

    /// <summary>Gives a file or folder another name, in the same folder or another. A short name it had beside the long one goes.</summary>
    /// <param name="from">Where it is.</param>
    /// <param name="to">Where it shall be; nothing may be there but the thing itself, so that only the case of a name may change.</param>
    /// <exception cref="DiskFormatException">There is no such file, something is there, or a folder would come into itself.</exception>
    public void Rename(GuestPath from, GuestPath to)
    {
        lock (_gate)
        {
            Begin();
            Found found = RequireNamed(from);
            Found folder = RequireFolderAbove(to);
            if (found.File.IsDirectory && IsInside(folder, found.File))
            {
                throw NtfsError.NotSupported(from.ToString(), $"a folder cannot be moved into itself ('{to}').");
            }

            if (IndexTree.Of(this, folder.File).FindName(to.Name) is { } there && !IsSame(there, found, folder.File))
            {
                throw NtfsError.AlreadyExists(to.ToString(), "a file or folder of that name is there already.");
            }

            FileRecord oldFolder = Files.Get(new FileNameValue(found.Name!.Value).Parent);
            RemoveName(found.File, found.Name!);
            AddName(found.File, folder.File, to.Name);
            Touch(found.File, isDataChanged: false);
            Touch(oldFolder, isDataChanged: true);
            Touch(folder.File, isDataChanged: true);
            WriteBackIfTooMuch();
        }
    }

    /// <summary>Deletes a file (all its names: this one only, when it has several) or an empty folder.</summary>
    /// <param name="path">What.</param>
    /// <exception cref="DiskFormatException">
    /// There is no such file (<see cref="DiskFormatDefect.NotFound"/>); the folder is not empty, or the file is open
    /// (<see cref="DiskFormatDefect.NotSupported"/>).
    /// </exception>
    public void Delete(GuestPath path)
    {
        lock (_gate)
        {
            Begin();
            Found found = RequireNamed(path);
            if (found.File.IsDirectory && !IndexTree.Of(this, found.File).IsEmpty)
            {
                throw NtfsError.NotSupported(path.ToString(), "the folder is not empty.");
            }

            RequireNoOpenStreams(found);
            FileRecord folder = Files.Get(new FileNameValue(found.Name!.Value).Parent);
            RemoveName(found.File, found.Name!);
            if (found.File.Names.Any())
            {
                Touch(found.File, isDataChanged: false);
            }
            else
            {
                RemoveFromExtendIndexes(found.File);
                foreach (NtfsAttribute attribute in found.File.Attributes)
                {
                    AttributeIo.MakeEmpty(this, attribute);
                }

                if (found.File.List is { } list)
                {
                    AttributeIo.MakeEmpty(this, list);
                }

                Files.Delete(found.File);
            }

            Touch(folder, isDataChanged: true);
            WriteBackIfTooMuch();
        }
    }

    /// <summary>Writes all that is held back and flushes the device.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (IsWritable)
            {
                WriteBack();
                Device.Flush();
            }
        }
    }

    /// <summary>Notes that a file changed: its times, and later the copies of them.</summary>
    internal void Touch(FileRecord file, bool isDataChanged)
    {
        StandardInformation standard = StandardOf(file);
        DateTime now = _utcNow();
        if (isDataChanged)
        {
            standard.SetModified(now);
            if (!file.IsDirectory)
            {
                standard.SetAttributes(standard.Attributes | (uint)FileAttributes.Archive);
            }
        }
        else
        {
            standard.SetChanged(now);
        }

        file.IsInfoDirty = true;
        Files.MarkDirty(file);
    }

    /// <summary>Writes what is held back when it is too much to hold.</summary>
    internal void WriteBackIfTooMuch()
    {
        if (Files.HoldsTooMuch)
        {
            WriteBack();
        }
    }

    /// <summary>Notes that a file's unnamed stream is neither compressed nor sparse any more.</summary>
    internal void ClearStorageBits(FileRecord file, NtfsAttribute stream)
    {
        if (stream.Name.Length == 0)
        {
            StandardInformation standard = StandardOf(file);
            standard.SetAttributes(standard.Attributes & ~(uint)(FileAttributes.Compressed | FileAttributes.SparseFile));
        }
    }

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

    private static FileAttributes DefaultAttributes(bool isDirectory) => isDirectory ? 0 : FileAttributes.Archive;

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

    private void Begin()
    {
        if (!IsWritable)
        {
            throw new InvalidOperationException("The volume was not opened for writing.");
        }

        Files.Trim();
    }

    private void WriteBack()
    {
        Files.WriteBack();
        Clusters.WriteBack();
    }

    private void AddStandardInformation(FileRecord file, NtfsTimes times, uint attributes, uint securityId)
    {
        byte[] value = new byte[StandardInformation.Size];
        var standard = new StandardInformation(value);
        standard.SetTimes(times);
        standard.SetAttributes(attributes);
        standard.SetSecurityId(securityId);
        file.Attributes.Add(new NtfsAttribute(AttributeType.StandardInformation, string.Empty) { Value = value });
    }

    // Without a short name beside it a name is of the POSIX kind, as Windows makes it where short names are turned off.
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

    // $Extend\$Reparse and \$ObjId list the files that have such an attribute; a deleted one must not stay in them.
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

    private uint SecurityIdFor(byte[]? given, FileRecord folder, bool isDirectory)
    {
        if (given is { Length: > 0 })
        {
            SecurityInheritance.Check(given);
            return Security.Add(given);
        }

        return Security.Inherit(StandardOf(folder).SecurityId, SecurityOf(folder), isDirectory);
    }

    private void SetSecurityId(FileRecord file, uint id)
    {
        NtfsAttribute attribute = file.Require(AttributeType.StandardInformation);
        byte[] value = attribute.Value!;
        if (value.Length < StandardInformation.Size)
        {
            Array.Resize(ref value, StandardInformation.Size);
            attribute.Value = value;
        }

        StandardOf(file).SetSecurityId(id);
        if (file.Find(AttributeType.SecurityDescriptor) is { } old)
        {
            AttributeIo.MakeEmpty(this, old);
            file.Attributes.Remove(old);
        }
    }

    private bool IsInside(Found folder, FileRecord outer)
    {
        for (GuestPath path = folder.Path; path.Parts.Count > 0; path = path.Parent)
        {
            if (Require(path).File.Number == outer.Number)
            {
                return true;
            }
        }

        return false;
    }

    private Found RequireNamed(GuestPath path)
    {
        Found found = Require(path);
        RequireWritable(found);
        return found.Name is not null ? found : throw NtfsError.NotSupported(path.ToString(), "the root can be neither renamed nor deleted.");
    }

    private Found RequireFolderAbove(GuestPath path)
    {
        if (path.Parts.Count == 0)
        {
            throw NtfsError.AlreadyExists(path.ToString(), "the root is always there.");
        }

        Found folder = Require(path.Parent);
        RequireWritable(folder);
        if (!folder.File.IsDirectory)
        {
            throw NtfsError.NotFound(path.Parent.ToString(), "it is a file, not a folder.");
        }

        return ReparseTagOf(folder.File) == 0
            ? folder
            : throw NtfsError.NotSupported(path.Parent.ToString(), "it leads elsewhere (a reparse point); links are not followed.");
    }

    private void RequireWritable(Found found)
    {
        if (!IsWritable)
        {
            throw new InvalidOperationException("The volume was not opened for writing.");
        }

        // The root is the only one of the volume's own files that others may be put into.
        if (found.IsSystem)
        {
            throw NtfsError.NotSupported(found.Path.ToString(), "it is one of the volume's own files.");
        }
    }

    private static void RequireNoOpenStreams(Found found)
    {
        if (found.File.OpenStreams > 0)
        {
            throw NtfsError.NotSupported(found.Path.ToString(), "it is open.");
        }
    }
}
