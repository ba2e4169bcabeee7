namespace VmUpdate.DiskFormats.Registry;

/// <summary>A value of a key.</summary>
/// <param name="Name">Its name as the hive spells it; empty for the default value.</param>
/// <param name="Type">The type, as stored: REG_SZ is 1, REG_BINARY 3, REG_DWORD 4, and so on.</param>
/// <param name="Data">The bytes, as stored.</param>
public sealed record RegistryValue(string Name, uint Type, byte[] Data);
