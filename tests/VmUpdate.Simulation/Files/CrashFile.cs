using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Simulation.Files;

/// <summary>An open file of a <see cref="CrashFileSystem"/>; a writer is alone, as on a real host.</summary>
internal sealed class CrashFile(CrashFileSystem files, string path, CrashInode inode, bool canWrite) : IBlockFile, IIdentifiedFile
{
    private bool _isClosed;

    public long Length
    {
        get
        {
            lock (files.Lock)
            {
                return inode.Current.Length;
            }
        }
    }

    public bool CanWrite => canWrite;

    public string? Identity => $"inode {inode.Number}";

    public void ReadAt(long offset, Span<byte> buffer)
    {
        lock (files.Lock)
        {
            RequireOpen();
            if (offset < 0 || offset > inode.Current.Length - buffer.Length)
            {
                throw new DiskFormatException(
                    DiskFormatDefect.Truncated, "file", offset, $"{buffer.Length} bytes are wanted, and the file has {inode.Current.Length}.", path);
            }

            inode.Current.Read(offset, buffer);
        }
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        string what = $"write {Path.GetFileName(path)} 0x{offset:X}+0x{buffer.Length:X}";
        Change(new PendingChange { Inode = inode, Bytes = buffer.ToArray(), Offset = offset, What = what });
    }

    public void SetLength(long length) =>
        Change(new PendingChange { Inode = inode, Offset = length, What = $"set length {Path.GetFileName(path)} 0x{length:X}" });

    public void Flush()
    {
        if (!canWrite)
        {
            return;
        }

        files.BeforeFlush?.Invoke(path);
        lock (files.Lock)
        {
            RequireOpen();
            files.FlushCount++;
            inode.Flush();
        }
    }

    public void Dispose()
    {
        lock (files.Lock)
        {
            if (!_isClosed)
            {
                _isClosed = true;
                inode.HasWriter &= !canWrite;
                inode.Readers -= canWrite ? 0 : 1;
            }
        }
    }

    private void Change(PendingChange change)
    {
        lock (files.Lock)
        {
            RequireOpen();
            if (!canWrite)
            {
                throw new HostFileException(HostFileFailure.AccessDenied, path, "it was opened for reading only.");
            }

            inode.Change(change);
        }

        files.AfterChange?.Invoke(change.What);
    }

    private void RequireOpen() => ObjectDisposedException.ThrowIf(_isClosed, this);
}
