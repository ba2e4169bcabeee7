using Microsoft.Win32.SafeHandles;

namespace VmUpdate.DiskFormats.Blocks;

/// <summary>A file of the host, read and written at positions, without a lock and without read-ahead.</summary>
/// <remarks>Nobody else can change the length while it is open for writing, so the length is asked for once.</remarks>
internal sealed partial class HostFile : IBlockFile, IIdentifiedFile
{
    private const string Structure = "file";
    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private readonly FileStream? _stream;
    private long _length;

    private HostFile(string path, SafeFileHandle handle, FileStream? stream, bool canWrite, string? identity)
    {
        _path = path;
        _handle = handle;
        _stream = stream;
        CanWrite = canWrite;
        Identity = identity;
        _length = Guard("reading its length", () => LengthOfHandle());
    }

    /// <inheritdoc/>
    public long Length => Volatile.Read(ref _length);

    /// <inheritdoc/>
    public bool CanWrite { get; }

    /// <inheritdoc/>
    public string? Identity { get; }

    /// <inheritdoc/>
    public void ReadAt(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset > Length - buffer.Length)
        {
            throw new DiskFormatException(
                DiskFormatDefect.Truncated, Structure, offset, $"{buffer.Length} bytes are wanted, and the file has {Length}.", _path);
        }

        try
        {
            for (int done = 0; done < buffer.Length;)
            {
                int count = ReadOnce(buffer.Slice(done), offset + done);
                if (count == 0)
                {
                    throw new DiskFormatException(
                        DiskFormatDefect.Truncated, Structure, offset + done, "the file ends here, and it was longer when it was opened.", _path);
                }

                done += count;
            }
        }
        catch (Exception failure) when (HostFileErrors.IsForeseen(failure))
        {
            throw HostFileErrors.Translate(failure, _path, "reading");
        }
    }

    /// <inheritdoc/>
    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        if (!CanWrite)
        {
            throw new HostFileException(HostFileFailure.AccessDenied, _path, "it was opened for reading only.");
        }

        try
        {
            WriteWhole(buffer, offset);
        }
        catch (Exception failure) when (HostFileErrors.IsForeseen(failure))
        {
            throw HostFileErrors.Translate(failure, _path, "writing");
        }

        Volatile.Write(ref _length, Math.Max(_length, offset + buffer.Length));
    }

    /// <inheritdoc/>
    public void SetLength(long length)
    {
        if (!CanWrite)
        {
            throw new HostFileException(HostFileFailure.AccessDenied, _path, "it was opened for reading only.");
        }

        Guard("setting its length", () =>
        {
            SetLengthOfHandle(length);
            return 0;
        });
        Volatile.Write(ref _length, length);
    }

    /// <inheritdoc/>
    public void Flush()
    {
        if (CanWrite)
        {
            Guard("making it durable", () =>
            {
                FlushHandle();
                return 0;
            });
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Dispose();
        _handle.Dispose();
    }

    private T Guard<T>(string what, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure) when (HostFileErrors.IsForeseen(failure))
        {
            throw HostFileErrors.Translate(failure, _path, what);
        }
    }
}
