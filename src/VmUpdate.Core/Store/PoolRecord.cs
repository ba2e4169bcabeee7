namespace VmUpdate.Core.Store;

/// <summary>A pool: pooled machines of one master image on one host.</summary>
/// <param name="Name">Its name; compared without case, and only one pool of the host has it.</param>
/// <param name="HostId">The host.</param>
/// <param name="MasterPath">The master image that its machines are to be on; empty until one is named.</param>
/// <param name="KeepOldDisksFor">How long a machine's old disk is kept after a swap.</param>
public sealed record PoolRecord(string Name, string HostId, string MasterPath, TimeSpan KeepOldDisksFor)
{
    /// <summary>How long old disks are kept when nothing else is said.</summary>
    public static readonly TimeSpan DefaultKeepOldDisksFor = TimeSpan.FromDays(14);
}
