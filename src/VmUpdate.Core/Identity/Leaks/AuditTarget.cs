namespace VmUpdate.Core.Identity.Leaks;

/// <summary>A disk that is to be looked at.</summary>
/// <param name="Path">The VHDX file's full path.</param>
/// <param name="Name">What the report calls it: the machine's name, or the file's.</param>
/// <param name="Role">What it is looked at as.</param>
/// <param name="WasNamed">Whether somebody named this very disk, and not only the folder it lies in: then a disk without a Windows is a failure.</param>
public sealed record AuditTarget(string Path, string Name, DiskRole Role = DiskRole.Auto, bool WasNamed = true);
