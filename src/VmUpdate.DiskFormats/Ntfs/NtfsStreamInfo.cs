namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>A stream of a file.</summary>
/// <param name="Name">Its name; empty for the unnamed one.</param>
/// <param name="Length">Its length, in bytes.</param>
public readonly record struct NtfsStreamInfo(string Name, long Length);
