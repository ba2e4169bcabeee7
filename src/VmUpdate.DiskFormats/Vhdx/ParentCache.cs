namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>Holds each parent of an operation open once, unchanging, for all the children that share it.</summary>
public sealed class ParentCache : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
