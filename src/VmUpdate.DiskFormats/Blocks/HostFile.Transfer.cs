#if NET8_0_OR_GREATER
namespace VmUpdate.DiskFormats.Blocks;

/// <content>Moving bytes by .NET's own positioned calls.</content>
internal sealed partial class HostFile
{
    private long LengthOfHandle() => RandomAccess.GetLength(_handle);

    private int ReadOnce(Span<byte> buffer, long offset) => RandomAccess.Read(_handle, buffer, offset);

    private void WriteWhole(ReadOnlySpan<byte> buffer, long offset) => RandomAccess.Write(_handle, buffer, offset);

    private void SetLengthOfHandle(long length) => RandomAccess.SetLength(_handle, length);

    private void FlushHandle() => RandomAccess.FlushToDisk(_handle);
}
#endif
