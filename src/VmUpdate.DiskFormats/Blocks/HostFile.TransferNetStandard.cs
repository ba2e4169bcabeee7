#if !NET8_0_OR_GREATER
using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Blocks.Native;

namespace VmUpdate.DiskFormats.Blocks;

/// <content>Moving bytes by the host's positioned calls, which .NET Standard has no names for.</content>
internal sealed partial class HostFile
{
    private static bool IsInterrupted => Marshal.GetLastWin32Error() == LinuxNative.Interrupted;

    private long LengthOfHandle() =>
        _stream?.Length
        ?? LinuxNative.StatusOf(_handle)?.Length
        ?? throw new HostFileException(HostFileFailure.Io, _path, "the host does not say how long it is.");

    private unsafe int ReadOnce(Span<byte> buffer, long offset)
    {
        fixed (byte* start = buffer)
        {
            if (_stream is null)
            {
                nint count;
                do
                {
                    count = LinuxNative.PRead(_handle, start, buffer.Length, offset);
                }
                while (count < 0 && IsInterrupted);
                return count >= 0 ? (int)count : throw LastLinuxError("reading");
            }

            if (WindowsNative.IsAvailable)
            {
                NativeOverlapped place = PlaceOf(offset);
                return WindowsNative.ReadFile(_handle, start, buffer.Length, out int done, &place)
                    || Marshal.GetLastWin32Error() == WindowsNative.ErrorHandleEndOfFile
                        ? done
                        : throw LastWindowsError("reading");
            }
        }

        // Neither Linux nor Windows: the stream's one position is shared, so it is locked.
        byte[] copy = new byte[buffer.Length];
        lock (_stream)
        {
            _stream.Position = offset;
            int count = _stream.Read(copy, 0, copy.Length);
            copy.AsSpan(0, count).CopyTo(buffer);
            return count;
        }
    }

    private unsafe void WriteWhole(ReadOnlySpan<byte> buffer, long offset)
    {
        if (_stream is not null && !WindowsNative.IsAvailable)
        {
            lock (_stream)
            {
                _stream.Position = offset;
                _stream.Write(buffer.ToArray(), 0, buffer.Length);
                _stream.Flush();
            }

            return;
        }

        fixed (byte* start = buffer)
        {
            for (int done = 0; done < buffer.Length;)
            {
                if (_stream is null)
                {
                    nint count = LinuxNative.PWrite(_handle, start + done, buffer.Length - done, offset + done);
                    if (count < 0 && !IsInterrupted)
                    {
                        throw LastLinuxError("writing");
                    }

                    done += Math.Max((int)count, 0);
                }
                else
                {
                    NativeOverlapped place = PlaceOf(offset + done);
                    if (!WindowsNative.WriteFile(_handle, start + done, buffer.Length - done, out int count, &place))
                    {
                        throw LastWindowsError("writing");
                    }

                    done += count;
                }
            }
        }
    }

    private void SetLengthOfHandle(long length)
    {
        if (_stream is not null)
        {
            _stream.SetLength(length);
        }
        else if (LinuxNative.FTruncate(_handle, length) != 0)
        {
            throw LastLinuxError("setting its length");
        }
    }

    private void FlushHandle()
    {
        if (_stream is not null)
        {
            _stream.Flush(flushToDisk: true);
        }
        else if (LinuxNative.FSync(_handle) != 0)
        {
            throw LastLinuxError("making it durable");
        }
    }

    private static NativeOverlapped PlaceOf(long offset) => new()
    {
        OffsetLow = unchecked((int)offset),
        OffsetHigh = (int)(offset >> 32),
    };

    private HostFileException LastLinuxError(string what) => HostFileErrors.FromErrno(Marshal.GetLastWin32Error(), _path, what);

    private HostFileException LastWindowsError(string what) => HostFileErrors.FromWin32(Marshal.GetLastWin32Error(), _path, what);
}
#endif
