namespace VmUpdate.DiskFormats.Registry;

public sealed partial class RegistryKey
{
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
