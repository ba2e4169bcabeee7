using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;

namespace VmUpdate.HyperV;

/// <summary>A drive of a machine with the hard disk on it.</summary>
/// <param name="Location">Where it hangs.</param>
/// <param name="Drive">The drive's settings.</param>
/// <param name="File">The file's settings; nothing for a disk of the host's that is passed through.</param>
/// <param name="Path">The file on the host; else what stands for it.</param>
internal sealed record VmDrive(DiskLocation Location, CimRecord Drive, CimRecord? File, string Path);
