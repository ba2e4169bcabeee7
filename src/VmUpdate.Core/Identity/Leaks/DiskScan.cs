namespace VmUpdate.Core.Identity.Leaks;

/// <summary>A disk and what it holds.</summary>
internal sealed record DiskScan(AuditedDisk Disk, IReadOnlyList<Holding> Holdings);
