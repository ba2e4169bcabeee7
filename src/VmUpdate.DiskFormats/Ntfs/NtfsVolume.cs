using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>
/// An NTFS volume of a powered-off machine. One writer; readers side by side when nobody writes. What is written is held back
/// in part until <see cref="Flush"/>; the volume counts as whole only after it, and a volume whose writer failed before is not.
/// </summary>
public sealed partial class NtfsVolume : IDisposable
{
    private const int MajorVersion = 3;
    private const int MaxMinorVersion = 1;
    private const int DirtyFlag = 1;
    private static readonly string CatalogId = "{3808876b-c176-4e48-b7ae-04046e6cc752}";
    private static readonly GuestPath SystemVolumeInformation = GuestPath.Parse("System Volume Information");
    private static readonly GuestPath HibernationFile = GuestPath.Parse("hiberfil.sys");

    private readonly object _gate = new();
    private readonly Func<DateTime> _utcNow;

    private NtfsVolume(IBlockDevice device, NtfsGeometry geometry, Func<DateTime>? utcNow, bool isWritable)
    {
        Device = device;
        Geometry = geometry;
        IsWritable = isWritable;
        _utcNow = utcNow ?? (() => throw new InvalidOperationException("A volume that is written needs a clock."));
        Files = new FileTable(this);
        Security = new SecurityStore(this);
        Text = new NtfsText([]);
    }

    /// <summary>What stands against writing the volume; <see cref="NtfsServiceState.Clean"/> when nothing does.</summary>
    public NtfsServiceState ServiceState { get; private set; }

    /// <summary>The volume's label.</summary>
    public string Label { get; private set; } = string.Empty;

    /// <summary>The cluster size, in bytes.</summary>
    public int ClusterSize => Geometry.ClusterSize;

    /// <summary>The volume's serial number.</summary>
    public long SerialNumber => Geometry.SerialNumber;

    /// <summary>Whether it was opened for writing.</summary>
    public bool IsWritable { get; }

    /// <summary>Whether the volume has shadow copies, which hold older states of its files.</summary>
    public bool HasSnapshots
    {
        get
        {
            lock (_gate)
            {
                // The catalogue is there on every system volume; a store of differences beside it is a snapshot.
                return Lookup(SystemVolumeInformation) is { File.IsDirectory: true } folder
                    && IndexTree.Of(this, folder.File).Enumerate().Any(entry =>
                    {
                        string name = new FileNameValue(entry.Key).Name.ToString();
                        return name.Length > CatalogId.Length && name.EndsWith(CatalogId, StringComparison.OrdinalIgnoreCase);
                    });
            }
        }
    }

    /// <summary>The partition.</summary>
    internal IBlockDevice Device { get; }

    /// <summary>The layout.</summary>
    internal NtfsGeometry Geometry { get; }

    /// <summary>How names compare.</summary>
    internal NtfsText Text { get; private set; }

    /// <summary>The file table.</summary>
    internal FileTable Files { get; }

    /// <summary>The security descriptors.</summary>
    internal SecurityStore Security { get; }

    /// <summary>What the public members and the open streams lock.</summary>
    internal object Gate => _gate;

    /// <summary>Whether a device holds NTFS; BitLocker is told apart.</summary>
    /// <param name="device">The partition.</param>
    /// <returns>What its first sector says.</returns>
    public static NtfsProbe Probe(IBlockDevice device) => NtfsGeometry.Probe(device);

    /// <summary>Opens a volume. One whose state forbids what is asked is refused, with the remedy.</summary>
    /// <param name="device">The partition; written only when it can be. The volume does not dispose it.</param>
    /// <param name="options">How.</param>
    /// <returns>The volume.</returns>
    /// <exception cref="DiskFormatException">
    /// It is no NTFS volume, is encrypted, of an unknown version, hibernated, its journal is not clean; or, for writing, its dirty flag is set.
    /// </exception>
    public static NtfsVolume Open(IBlockDevice device, NtfsOpenOptions options)
    {
        if (options.Writable && (!device.CanWrite || options.UtcNow is null))
        {
            throw new ArgumentException("Writing needs a device that was opened for writing, and a clock.", nameof(options));
        }

        var volume = new NtfsVolume(device, NtfsGeometry.Read(device), options.UtcNow, options.Writable);
        volume.Files.Open();
        volume.ReadUpCase();
        volume.ReadVolumeInformation();
        volume.CheckState(options);
        return volume;
    }

    /// <summary>A volume that has no files yet.</summary>
    internal static NtfsVolume CreateBlank(IBlockDevice device, NtfsGeometry geometry, ushort[] upCase, Func<DateTime> utcNow) =>
        new(device, geometry, utcNow, isWritable: true) { Text = new NtfsText(upCase) };

    /// <inheritdoc/>
    public void Dispose()
    {
        // What was not flushed is dropped on purpose: a half-written volume must not look like a whole one.
    }

    private void ReadUpCase()
    {
        NtfsAttribute data = Files.Get(WellKnownRecord.UpCase).Require(AttributeType.Data);
        if (data.Length != UpCaseTable.Size || data.IsCompressed)
        {
            throw NtfsError.Inconsistent("$UpCase", -1, $"expected {UpCaseTable.Size} bytes, found {data.Length}.");
        }

        byte[] table = ArrayPool<byte>.Shared.Rent(UpCaseTable.Size);
        Span<byte> bytes = table.AsSpan(0, UpCaseTable.Size);
        for (int at = 0; at < bytes.Length; at += UpCaseTable.ReadSize)
        {
            AttributeIo.ReadPlain(this, data, at, bytes.Slice(at, UpCaseTable.ReadSize));
        }

        Text = NtfsText.Of(MemoryMarshal.Cast<byte, ushort>(bytes));
        ArrayPool<byte>.Shared.Return(table);
    }

    private void ReadVolumeInformation()
    {
        FileRecord file = Files.Get(WellKnownRecord.Volume);
        byte[] information = file.RequireValue(AttributeType.VolumeInformation, 12);
        if (information[8] != MajorVersion || information[9] > MaxMinorVersion)
        {
            throw new DiskFormatException(
                DiskFormatDefect.UnsupportedVersion, "$VOLUME_INFORMATION", -1, $"NTFS {information[8]}.{information[9]}; 3.0 and 3.1 are supported.");
        }

        bool isDirty = (BinaryPrimitives.ReadUInt16LittleEndian(information.AsSpan(10)) & DirtyFlag) != 0;
        ServiceState = isDirty ? NtfsServiceState.Dirty : NtfsServiceState.Clean;
        byte[] label = file.Find(AttributeType.VolumeName)?.Value ?? [];
        Label = MemoryMarshal.Cast<byte, char>(label.AsSpan()).ToString();
    }

    private void CheckState(NtfsOpenOptions options)
    {
        // Hibernation first: a hibernated volume's journal is not clean either, and its remedy is another one.
        if (IsHibernated())
        {
            throw new DiskFormatException(
                DiskFormatDefect.Hibernated,
                "hiberfil.sys",
                -1,
                "Windows is hibernated, or fast start-up is on; start it once, run 'powercfg /h off' and shut it down.");
        }

        if (!options.IgnoreJournal && !JournalState.IsClean(this, Files.Get(WellKnownRecord.LogFile).Require(AttributeType.Data)))
        {
            throw new DiskFormatException(
                DiskFormatDefect.JournalNotClean,
                "$LogFile",
                -1,
                "the journal holds work that is not on the volume yet; start the machine once and shut it down.");
        }

        if (options.Writable && ServiceState == NtfsServiceState.Dirty)
        {
            throw new DiskFormatException(
                DiskFormatDefect.VolumeDirty,
                "$VOLUME_INFORMATION",
                -1,
                "the dirty flag is set, so the volume may be read but not written; start the machine once, let chkdsk run, and shut it down.");
        }
    }

    private bool IsHibernated()
    {
        if (Lookup(HibernationFile) is not { File.IsDirectory: false } file
            || file.File.Find(AttributeType.Data) is not { Length: >= 4, IsCompressed: false, IsEncrypted: false } data)
        {
            return false;
        }

        byte[] signature = new byte[4];
        AttributeIo.ReadPlain(this, data, 0, signature);

        // "HIBR" holds a session; "RSTR" is one that is being woken. "WAKE" or zeros are the remains of one that was.
        string text = System.Text.Encoding.ASCII.GetString(signature).ToUpperInvariant();
        return text is "HIBR" or "RSTR";
    }
}
