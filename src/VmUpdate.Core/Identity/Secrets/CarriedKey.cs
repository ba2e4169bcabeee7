using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>A key as the new disk is to hold it: nothing in it is in clear.</summary>
/// <param name="Path">Its path in the hive.</param>
/// <param name="ClassName">Its class name; empty for none.</param>
/// <param name="Security">Its self-relative security descriptor.</param>
/// <param name="Values">Its values.</param>
internal sealed record CarriedKey(string Path, string ClassName, byte[] Security, IReadOnlyList<RegistryValue> Values);
