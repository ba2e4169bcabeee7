namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>What a VHDX file says of itself.</summary>
/// <param name="Path">The full path on the host.</param>
/// <param name="Kind">Fixed, dynamic or differencing.</param>
/// <param name="VirtualLength">The virtual disk's size, in bytes.</param>
/// <param name="BlockSize">The payload block size, in bytes.</param>
/// <param name="LogicalSectorSize">512 or 4096 bytes.</param>
/// <param name="DataWriteGuid">Changes before the first write that the guest could see; a child names its parent by it.</param>
/// <param name="HadPendingLog">Whether the file's log held writes when it was opened.</param>
public sealed record VhdxFileInfo(
    string Path, VhdxKind Kind, long VirtualLength, int BlockSize, int LogicalSectorSize, Guid DataWriteGuid, bool HadPendingLog);
