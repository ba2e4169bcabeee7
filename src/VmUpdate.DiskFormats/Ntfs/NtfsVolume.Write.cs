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

    private static FileAttributes DefaultAttributes(bool isDirectory) => isDirectory ? 0 : FileAttributes.Archive;

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
