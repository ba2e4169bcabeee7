namespace VmUpdate.DiskFormats.Registry;

/// <summary>How an empty hive is made.</summary>
public sealed class RegistryCreateOptions
{
    /// <summary>The root key's name.</summary>
    public string RootName { get; init; } = "ROOT";

    /// <summary>The time for LastWritten fields, in UTC.</summary>
    public required Func<DateTime> UtcNow { get; init; }

    /// <summary>The root key's self-relative security descriptor; SYSTEM and Administrators full control when null.</summary>
    public byte[]? SecurityDescriptor { get; init; }
}
