using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Store;

/// <summary>
/// The right to work on something alone. What excludes others is a lock of the operating system on an open file, which ends with the
/// process whatever becomes of it; the row in the store only says who it is.
/// </summary>
public sealed class StoreLease : IDisposable
{
    private readonly IBlockFile _lock;

    internal StoreLease(IBlockFile locked, LeaseHolder holder)
    {
        _lock = locked;
        Holder = holder;
    }

    /// <summary>This process, as the store names it to others.</summary>
    public LeaseHolder Holder { get; }

    /// <summary>Gives the right back.</summary>
    public void Dispose() => _lock.Dispose();
}
