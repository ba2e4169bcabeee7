namespace VmUpdate.DiskFormats.Ntfs;

/// <content>Writing.</content>
internal sealed partial class NtfsStream
{
    /// <inheritdoc/>
    public void WriteAt(long offset, ReadOnlySpan<byte> buffer) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void SetLength(long length) => throw new NotSupportedException();
}
