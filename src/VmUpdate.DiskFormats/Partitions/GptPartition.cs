namespace VmUpdate.DiskFormats.Partitions;

/// <summary>A partition that is to be made.</summary>
/// <param name="TypeId">Its type: <see cref="GptPartitionTypes"/>.</param>
/// <param name="Offset">Its place, in bytes from the start of the disk: whole sectors.</param>
/// <param name="Length">Its length, in bytes: whole sectors.</param>
/// <param name="Name">Its name, at most 36 characters.</param>
public sealed record GptPartition(Guid TypeId, long Offset, long Length, string Name);
