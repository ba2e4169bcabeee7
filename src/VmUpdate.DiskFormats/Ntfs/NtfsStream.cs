using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>An open stream of a file.</summary>
internal sealed partial class NtfsStream : IBlockFile
{
    private readonly NtfsVolume _volume;
    private readonly FileRecord _file;
    private readonly NtfsAttribute _data;
    private readonly string _subject;
    private UnpackedUnit? _unpacked;
    private bool _isDisposed;

    /// <summary>Opens a stream; the caller holds the gate.</summary>
    public NtfsStream(NtfsVolume volume, FileRecord file, NtfsAttribute data, string subject, bool writable)
    {
        _volume = volume;
        _file = file;
        _data = data;
        _subject = data.Name.Length == 0 ? subject : $"{subject}:{data.Name}";
        CanWrite = writable;
        file.OpenStreams++;
    }

    /// <inheritdoc/>
    public long Length => _data.Length;

    /// <inheritdoc/>
    public bool CanWrite { get; }

    /// <inheritdoc/>
    public void ReadAt(long offset, Span<byte> buffer)
    {
        // Nothing of a volume that nobody writes ever changes, so its readers need not wait for each other.
        if (!_volume.IsWritable)
        {
            Read(offset, buffer);
            return;
        }

        lock (_volume.Gate)
        {
            Read(offset, buffer);
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
        if (CanWrite)
        {
            _volume.Flush();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_volume.Gate)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _file.OpenStreams--;
            }
        }
    }

    private void Read(long offset, Span<byte> buffer)
    {
        CheckOpen();
        if (offset < 0 || offset > _data.Length || buffer.Length > _data.Length - offset)
        {
            throw new DiskFormatException(
                DiskFormatDefect.Truncated, "stream", -1, $"{buffer.Length} bytes at {offset} lead beyond its {_data.Length}.", _subject);
        }

        if (_data.IsCompressed && !_data.IsResident)
        {
            AttributeIo.ReadCompressed(_volume, _data, offset, buffer, ref _unpacked);
        }
        else
        {
            AttributeIo.ReadPlain(_volume, _data, offset, buffer);
        }
    }

    private void CheckOpen()
    {
        if (_isDisposed)
        {
            throw new ObjectDisposedException(nameof(NtfsStream));
        }

        if (_file.IsDeleted)
        {
            throw NtfsError.NotFound(_subject, "it was deleted while it was open.");
        }
    }
}
