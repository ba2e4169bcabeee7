namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>The four times of a file, in UTC.</summary>
/// <param name="Created">When the file was made.</param>
/// <param name="Modified">When its data last changed.</param>
/// <param name="Changed">When its record last changed.</param>
/// <param name="Accessed">When it was last read.</param>
public readonly record struct NtfsTimes(DateTime Created, DateTime Modified, DateTime Changed, DateTime Accessed);
