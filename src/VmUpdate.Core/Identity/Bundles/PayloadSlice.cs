namespace VmUpdate.Core.Identity;

/// <summary>The end of a payload: what follows the manifest.</summary>
internal sealed class PayloadSlice : IBundlePayload
{
    private readonly IBundlePayload _whole;
    private readonly long _start;

    public PayloadSlice(IBundlePayload whole, long start)
    {
        _whole = whole;
        _start = start;
    }

    public long Length => _whole.Length - _start;

    public void Read(long offset, Span<byte> buffer) => _whole.Read(_start + offset, buffer);

    public void Dispose() => _whole.Dispose();
}
