using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>An NTFS volume of a powered-off machine. One writer; readers side by side when nobody writes.</summary>
public sealed class NtfsVolume : IDisposable
{
    /// <summary>What stands against reading or writing the volume; <see cref="NtfsServiceState.Clean"/> when nothing does.</summary>
    public NtfsServiceState ServiceState => throw new NotSupportedException();

    /// <summary>The volume's label.</summary>
    public string Label => throw new NotSupportedException();

    /// <summary>The cluster size, in bytes.</summary>
    public int ClusterSize => throw new NotSupportedException();

    /// <summary>Free room, in bytes.</summary>
    public long FreeBytes => throw new NotSupportedException();

    /// <summary>Whether the volume has shadow copies, which hold older states of its files.</summary>
    public bool HasSnapshots => throw new NotSupportedException();

    /// <summary>Whether a device holds NTFS; BitLocker is told apart.</summary>
    /// <param name="device">The partition.</param>
    /// <returns>What its first sector says.</returns>
    public static NtfsProbe Probe(IBlockDevice device) => throw new NotSupportedException();

    /// <summary>Opens a volume. One whose <see cref="ServiceState"/> forbids what is asked is refused, with the remedy.</summary>
    /// <param name="device">The partition; written only when it can be.</param>
    /// <param name="options">How.</param>
    /// <returns>The volume.</returns>
    public static NtfsVolume Open(IBlockDevice device, NtfsOpenOptions options) => throw new NotSupportedException();

    /// <summary>Looks a file or folder up.</summary>
    /// <param name="path">Its path; the exact name wins over one that differs by case. Reparse points are not followed.</param>
    /// <returns>The entry, or <see langword="null"/>.</returns>
    public NtfsEntry? Find(GuestPath path) => throw new NotSupportedException();

    /// <summary>The entries of a folder, by name; short names left out.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The entries.</returns>
    public IEnumerable<NtfsEntry> Enumerate(GuestPath folder) => throw new NotSupportedException();

    /// <summary>Opens a stream of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="streamName">Empty for the unnamed stream.</param>
    /// <param name="writable">Whether it will be written.</param>
    /// <returns>The stream. Writing beyond its end extends it.</returns>
    public IBlockFile OpenStream(GuestPath path, string streamName = "", bool writable = false) => throw new NotSupportedException();

    /// <summary>The names and lengths of all $DATA streams of a file, the unnamed one with an empty name.</summary>
    /// <param name="path">The file or folder.</param>
    /// <returns>The streams.</returns>
    public IReadOnlyList<NtfsStreamInfo> GetStreams(GuestPath path) => throw new NotSupportedException();

    /// <summary>A file's or folder's security descriptor, self-relative.</summary>
    /// <param name="path">The file or folder.</param>
    /// <returns>Its bytes.</returns>
    public byte[] GetSecurityDescriptor(GuestPath path) => throw new NotSupportedException();

    /// <summary>Makes a file or folder.</summary>
    /// <param name="path">Where; the folder above must exist.</param>
    /// <param name="properties">What it is to be. What is not given is inherited or taken from the clock.</param>
    public void Create(GuestPath path, NtfsCreateProperties properties) => throw new NotSupportedException();

    /// <summary>Makes or removes a named stream of a file.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="streamName">The stream's name.</param>
    public void CreateStream(GuestPath path, string streamName) => throw new NotSupportedException();

    /// <summary>Removes a named stream.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="streamName">The stream's name.</param>
    public void DeleteStream(GuestPath path, string streamName) => throw new NotSupportedException();

    /// <summary>Sets times and attributes; what is null stays.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="times">The four times.</param>
    /// <param name="attributes">The settable attribute bits.</param>
    public void SetBasicInfo(GuestPath path, NtfsTimes? times, FileAttributes? attributes) => throw new NotSupportedException();

    /// <summary>Sets a security descriptor.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="descriptor">Self-relative.</param>
    public void SetSecurityDescriptor(GuestPath path, ReadOnlySpan<byte> descriptor) => throw new NotSupportedException();

    /// <summary>Gives a file or folder another name, in the same folder or another.</summary>
    /// <param name="from">Where it is.</param>
    /// <param name="to">Where it shall be; nothing may be there.</param>
    public void Rename(GuestPath from, GuestPath to) => throw new NotSupportedException();

    /// <summary>Deletes a file (all its names: this one only, when it has several) or an empty folder.</summary>
    /// <param name="path">What.</param>
    public void Delete(GuestPath path) => throw new NotSupportedException();

    /// <summary>Writes all that is held back and flushes the device.</summary>
    public void Flush() => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
