namespace VmUpdate.DiskFormats.Registry;

/// <summary>A key of a hive.</summary>
public sealed class RegistryKey
{
    internal RegistryKey()
    {
    }

    /// <summary>The name as the hive spells it.</summary>
    public string Name => throw new NotSupportedException();

    /// <summary>The class name; empty when there is none.</summary>
    public string ClassName => throw new NotSupportedException();

    /// <summary>When the key last changed, in UTC.</summary>
    public DateTime LastWritten => throw new NotSupportedException();

    /// <summary>The keys under it, in the hive's order.</summary>
    public IEnumerable<RegistryKey> SubKeys => throw new NotSupportedException();

    /// <summary>Its values, in the hive's order.</summary>
    public IEnumerable<RegistryValue> Values => throw new NotSupportedException();

    /// <summary>Looks a key under it up.</summary>
    /// <param name="name">One name, without case.</param>
    /// <returns>The key, or <see langword="null"/>.</returns>
    public RegistryKey? FindSubKey(string name) => throw new NotSupportedException();

    /// <summary>Looks a value up.</summary>
    /// <param name="name">Its name, without case; empty for the default value.</param>
    /// <returns>The value, or <see langword="null"/>.</returns>
    public RegistryValue? FindValue(string name) => throw new NotSupportedException();

    /// <summary>The key's self-relative security descriptor.</summary>
    /// <returns>Its bytes.</returns>
    public byte[] GetSecurityDescriptor() => throw new NotSupportedException();

    /// <summary>Makes a key under it; one that exists is returned as it is.</summary>
    /// <param name="name">One name.</param>
    /// <param name="className">The class name; empty for none.</param>
    /// <returns>The key.</returns>
    public RegistryKey CreateSubKey(string name, string className = "") => throw new NotSupportedException();

    /// <summary>Sets the class name.</summary>
    /// <param name="className">The new class name; empty removes it.</param>
    public void SetClassName(string className) => throw new NotSupportedException();

    /// <summary>Deletes a key under it with all it holds; nothing happens when it is absent.</summary>
    /// <param name="name">One name.</param>
    public void DeleteSubKey(string name) => throw new NotSupportedException();

    /// <summary>Sets a value.</summary>
    /// <param name="name">Its name; empty for the default value. An existing one keeps its spelling.</param>
    /// <param name="type">The type, as stored: REG_SZ is 1, and so on.</param>
    /// <param name="data">The bytes, as stored.</param>
    public void SetValue(string name, uint type, ReadOnlySpan<byte> data) => throw new NotSupportedException();

    /// <summary>Deletes a value; nothing happens when it is absent.</summary>
    /// <param name="name">Its name.</param>
    public void DeleteValue(string name) => throw new NotSupportedException();

    /// <summary>Sets the security descriptor; keys with the same one share it.</summary>
    /// <param name="descriptor">Self-relative.</param>
    public void SetSecurityDescriptor(ReadOnlySpan<byte> descriptor) => throw new NotSupportedException();
}
