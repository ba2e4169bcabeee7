namespace VmUpdate.Core.Identity;

/// <summary>The bytes of a bundle, one after another, found by the offsets in its manifest.</summary>
internal interface IBundlePayload : IDisposable
{
    long Length { get; }

    void Read(long offset, Span<byte> buffer);
}
