namespace VmUpdate.Core.Machines;

/// <summary>A virtual machine as its host describes it at one moment.</summary>
/// <param name="Key">What it is known by.</param>
/// <param name="Name">Its name, for people; another machine of the host may have the same.</param>
/// <param name="State">What it is doing.</param>
/// <param name="HasCheckpoints">Whether it has checkpoints (snapshots), which hold its disks' older states.</param>
/// <param name="ManagedBy">The system that deploys and replaces it (RDS, SCVMM, MCS, a cluster); empty when none does.</param>
public sealed record VirtualMachine(VmKey Key, string Name, VmPowerState State, bool HasCheckpoints, string ManagedBy);
