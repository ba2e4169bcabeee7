namespace VmUpdate.DiskFormats.Ntfs;

/// <content>Making, changing and removing files and folders.</content>
public sealed partial class NtfsVolume
{
    /// <summary>Free room, in bytes.</summary>
    public long FreeBytes => throw new NotSupportedException();

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

    private void RequireWritable(Found found) => throw new NotSupportedException();
}
