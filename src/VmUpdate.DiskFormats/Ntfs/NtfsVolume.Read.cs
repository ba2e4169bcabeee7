using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Ntfs;

/// <content>Looking things up and reading them.</content>
public sealed partial class NtfsVolume
{
    private const uint DirectoryAttribute = (uint)FileAttributes.Directory;

    // A few hundred places are asked for again and again; who walks the whole volume gains nothing by more.
    private const int MostLookups = 1024;

    private readonly Dictionary<(long Folder, string Name), Found?> _lookups = [];

    /// <summary>Looks a file or folder up.</summary>
    /// <param name="path">Its path; the exact name wins over one that differs by case. Reparse points are not followed.</param>
    /// <returns>The entry, or <see langword="null"/>.</returns>
    /// <exception cref="DiskFormatException">A structure on the way is damaged.</exception>
    public NtfsEntry? Find(GuestPath path)
    {
        lock (_gate)
        {
            Files.Trim();
            return Lookup(path) is { } found ? ToEntry(found.Path, found.File) : null;
        }
    }

    /// <summary>
    /// The entries of a folder, by name; short names and the volume's own files in the root left out. The names are those of the
    /// moment of the call; each entry is read when it is asked for.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The entries.</returns>
    /// <exception cref="DiskFormatException">There is no such folder (<see cref="DiskFormatDefect.NotFound"/>), or it is damaged.</exception>
    public IEnumerable<NtfsEntry> Enumerate(GuestPath folder)
    {
        List<(GuestPath Path, FileReference File)> names = [];
        lock (_gate)
        {
            Files.Trim();
            Found found = Require(folder);
            if (!found.File.IsDirectory)
            {
                throw NtfsError.NotFound(folder.ToString(), "it is a file, not a folder.");
            }

            foreach (IndexEntry entry in IndexTree.Of(this, found.File).Enumerate())
            {
                var name = new FileNameValue(entry.Key);
                if (name.Namespace != FileNameValue.Dos && entry.File.Number >= WellKnownRecord.FirstUser)
                {
                    names.Add((AppendName(found.Path, name.Name), entry.File));
                }
            }
        }

        return EnumerateNames(names);
    }

    /// <summary>Opens a stream of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="streamName">Empty for the unnamed stream.</param>
    /// <param name="writable">Whether it will be written.</param>
    /// <returns>The stream. Writing beyond its end extends it.</returns>
    /// <exception cref="DiskFormatException">
    /// There is no such file or stream (<see cref="DiskFormatDefect.NotFound"/>); it is encrypted by EFS, packed by WOF or, for writing,
    /// one of the volume's own (<see cref="DiskFormatDefect.NotSupported"/>).
    /// </exception>
    public IBlockFile OpenStream(GuestPath path, string streamName = "", bool writable = false)
    {
        lock (_gate)
        {
            Files.Trim();
            Found found = Require(path);
            NtfsAttribute? data = FindStream(found.File, streamName);
            if (data is null)
            {
                string what = streamName.Length == 0 ? "it is a folder and has no data." : $"it has no stream '{streamName}'.";
                throw NtfsError.NotFound(path.ToString(), what);
            }

            if (data.IsEncrypted)
            {
                throw NtfsError.NotSupported(path.ToString(), "it is encrypted by EFS; only its owner can read it.");
            }

            if (streamName.Length == 0 && ReparseTagOf(found.File) == NtfsReparseTag.Wof)
            {
                throw NtfsError.NotSupported(path.ToString(), "it is packed by WOF (CompactOS); unpack it first (compact /u /exe).");
            }

            if (writable)
            {
                RequireWritable(found);
            }

            return new NtfsStream(this, found.File, data, path.ToString(), writable);
        }
    }

    /// <summary>The names and lengths of all $DATA streams of a file, the unnamed one with an empty name.</summary>
    /// <param name="path">The file or folder.</param>
    /// <returns>The streams.</returns>
    /// <exception cref="DiskFormatException">There is no such file (<see cref="DiskFormatDefect.NotFound"/>).</exception>
    public IReadOnlyList<NtfsStreamInfo> GetStreams(GuestPath path)
    {
        lock (_gate)
        {
            Files.Trim();
            return Require(path).File.Attributes
                .Where(a => a.Type == AttributeType.Data)
                .Select(a => new NtfsStreamInfo(a.Name, a.Length))
                .ToArray();
        }
    }

    /// <summary>A file's or folder's security descriptor, self-relative.</summary>
    /// <param name="path">The file or folder.</param>
    /// <returns>Its bytes; empty when it has none, as files that other systems made.</returns>
    /// <exception cref="DiskFormatException">There is no such file (<see cref="DiskFormatDefect.NotFound"/>).</exception>
    public byte[] GetSecurityDescriptor(GuestPath path)
    {
        lock (_gate)
        {
            Files.Trim();
            return SecurityOf(Require(path).File);
        }
    }

    /// <summary>The value of a file's reparse point: its tag, the length of its data (2 bytes), 2 reserved bytes, its data.</summary>
    /// <param name="path">The file or folder.</param>
    /// <returns>The bytes; empty when it is none.</returns>
    /// <exception cref="DiskFormatException">There is no such file (<see cref="DiskFormatDefect.NotFound"/>).</exception>
    public byte[] GetReparsePoint(GuestPath path)
    {
        lock (_gate)
        {
            Files.Trim();
            return Require(path).File.Find(AttributeType.ReparsePoint) is { } reparse ? (byte[])ReadReparse(reparse).Clone() : [];
        }
    }

    private static GuestPath AppendName(GuestPath folder, ReadOnlySpan<char> name)
    {
        try
        {
            return folder.Append(name.ToString());
        }
        catch (ArgumentException bad)
        {
            throw new DiskFormatException(DiskFormatDefect.Inconsistent, "$FILE_NAME", -1, bad.Message, folder.ToString(), bad);
        }
    }

    private byte[] SecurityOf(FileRecord file)
    {
        uint id = new StandardInformation(file.RequireValue(AttributeType.StandardInformation, StandardInformation.OldSize)).SecurityId;
        if (id != 0)
        {
            return (byte[])Security.Get(id).Clone();
        }

        NtfsAttribute? old = file.Find(AttributeType.SecurityDescriptor);
        return old is null || old.Length > NtfsLimits.MaxSecurityDescriptorSize ? [] : (byte[])AttributeIo.ReadAll(this, old).Clone();
    }

    private IEnumerable<NtfsEntry> EnumerateNames(List<(GuestPath Path, FileReference File)> names)
    {
        foreach ((GuestPath path, FileReference reference) in names)
        {
            NtfsEntry entry;
            lock (_gate)
            {
                Files.Trim();
                entry = ToEntry(path, Files.Get(reference));
            }

            yield return entry;
        }
    }

    private NtfsEntry ToEntry(GuestPath path, FileRecord file)
    {
        var standard = new StandardInformation(file.RequireValue(AttributeType.StandardInformation, StandardInformation.OldSize));
        uint attributes = standard.Attributes & ~(FileNameValue.DirectoryBit | FileNameValue.ViewIndexBit);
        return new NtfsEntry(
            path,
            file.Number,
            file.IsDirectory,
            file.Find(AttributeType.Data)?.Length ?? 0,
            (FileAttributes)(int)((attributes & int.MaxValue) | (file.IsDirectory ? DirectoryAttribute : 0)),
            standard.Times,
            ReparseTagOf(file));
    }

    private uint ReparseTagOf(FileRecord file) =>
        file.Find(AttributeType.ReparsePoint) is { } reparse && ReadReparse(reparse) is { Length: >= 4 } value
            ? BinaryPrimitives.ReadUInt32LittleEndian(value)
            : 0;

    private byte[] ReadReparse(NtfsAttribute reparse) =>
        reparse.Length <= NtfsReparseTag.MaxValueSize
            ? AttributeIo.ReadAll(this, reparse)
            : throw NtfsError.LimitExceeded("$REPARSE_POINT", -1, $"{reparse.Length} bytes; at most {NtfsReparseTag.MaxValueSize} are allowed.");

    private NtfsAttribute? FindStream(FileRecord file, string name)
    {
        NtfsAttribute? other = null;
        foreach (NtfsAttribute attribute in file.Attributes)
        {
            if (attribute.Type == AttributeType.Data)
            {
                if (string.Equals(attribute.Name, name, StringComparison.Ordinal))
                {
                    return attribute;
                }

                other ??= Text.CompareIgnoringCase(attribute.Name.AsSpan(), name.AsSpan()) == 0 ? attribute : null;
            }
        }

        return other;
    }

    private Found Require(GuestPath path) =>
        Lookup(path) ?? throw NtfsError.NotFound(path.ToString(), "there is no such file or folder.");

    private Found? Lookup(GuestPath path)
    {
        var found = new Found(GuestPath.Root, Files.Get(WellKnownRecord.Root), null, IsSystem: false);
        foreach (string part in path.Parts)
        {
            if (LookupIn(found, part) is not { } next)
            {
                return null;
            }

            found = next;
        }

        return found;
    }

    /// <summary>What a folder has under a name. On a volume that is only read the answer stays true, and is kept.</summary>
    private Found? LookupIn(Found folder, string part)
    {
        (long, string) key = (folder.File.Number, part);
        if (!IsWritable && _lookups.TryGetValue(key, out Found? known))
        {
            return known;
        }

        Found? found = null;
        if (folder.File.IsDirectory && IndexTree.Of(this, folder.File).FindName(part) is { } entry)
        {
            FileRecord file = Files.Get(entry.File);
            NtfsAttribute name = LongNameOf(file, folder.File, entry.Key);
            bool isSystem = folder.IsSystem || file.Number < WellKnownRecord.FirstUser;
            found = new Found(AppendName(folder.Path, new FileNameValue(name.Value).Name), file, name, isSystem);
        }

        if (!IsWritable && _lookups.Count < MostLookups)
        {
            _lookups.Add(key, found);
        }

        return found;
    }

    /// <summary>The name that a folder's entry stands for; for a short name the long one beside it.</summary>
    private NtfsAttribute LongNameOf(FileRecord file, FileRecord folder, ReadOnlySpan<byte> key)
    {
        var wanted = new FileNameValue(key);
        NtfsAttribute? dos = null;
        NtfsAttribute? win32 = null;
        foreach (NtfsAttribute name in file.Names)
        {
            var value = new FileNameValue(name.Value);
            if (value.Parent.Number != folder.Number)
            {
                continue;
            }

            bool isIt = value.Name.SequenceEqual(wanted.Name);
            if (isIt && value.Namespace != FileNameValue.Dos)
            {
                return name;
            }

            dos = isIt ? name : dos;
            win32 = value.Namespace == FileNameValue.Win32 ? name : win32;
        }

        return (dos is null ? null : win32)
            ?? throw NtfsError.Inconsistent("$FILE_NAME", -1, $"record {file.Number} does not know the name '{wanted.Name.ToString()}' that a folder has for it.");
    }

    /// <summary>
    /// A file, the path that led to it as the volume spells it, the name it was found by (none for the root), and whether it is one
    /// of the volume's own or below one.
    /// </summary>
    private sealed record Found(GuestPath Path, FileRecord File, NtfsAttribute? Name, bool IsSystem);
}
