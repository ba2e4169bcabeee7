namespace VmUpdate.Core.Machines;

/// <summary>What a machine takes of its host when it runs.</summary>
/// <param name="MemoryBytes">The memory that it will want, in bytes; also the room on disk that saving it takes.</param>
/// <param name="Volume">The volume that its state is saved on.</param>
public sealed record VmFootprint(long MemoryBytes, string Volume);
