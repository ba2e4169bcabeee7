namespace VmUpdate.DiskFormats.Registry;

public sealed partial class RegistryKey
{
    /// <summary>Makes a key under it; one that exists is returned as it is. It takes the security of this key.</summary>
    /// <param name="name">One name, of 1 to 255 characters and without <c>\</c>.</param>
    /// <param name="className">The class name; empty for none.</param>
    /// <returns>The key.</returns>
    /// <exception cref="DiskFormatException">The name is none, the key would lie too deep, or what it needs is damaged.</exception>
    public RegistryKey CreateSubKey(string name, string className = "")
    {
        if (FindSubKey(name) is { } existing)
        {
            return existing;
        }

        CheckDepth(Offset, Depth + 1);
        return new RegistryKey(Hive, Hive.Editor.CreateKey(Node, name, className), Depth + 1);
    }

    /// <summary>Sets the class name.</summary>
    /// <param name="className">The new class name; empty removes it.</param>
    public void SetClassName(string className)
    {
        if (ClassName != className)
        {
            Hive.Editor.SetClassName(Node, className);
        }
    }

    /// <summary>Deletes a key under it with all it holds; nothing happens when it is absent.</summary>
    /// <param name="name">One name.</param>
    /// <exception cref="DiskFormatException">Something under it is damaged; the hive is not to be written then.</exception>
    public void DeleteSubKey(string name)
    {
        if (FindSubKey(name) is { } key)
        {
            Hive.Editor.DeleteKey(Node, key.Offset);
        }
    }

    /// <summary>Sets a value; nothing changes when it is so already.</summary>
    /// <param name="name">Its name, of up to 16,383 characters; empty for the default value. An existing one keeps its spelling.</param>
    /// <param name="type">The type, as stored: REG_SZ is 1, and so on.</param>
    /// <param name="data">The bytes, as stored.</param>
    /// <exception cref="DiskFormatException">
    /// The name is too long; or there are more than 16,344 bytes and the hive's version knows no big data (<see cref="DiskFormatDefect.NotSupported"/>).
    /// </exception>
    public void SetValue(string name, uint type, ReadOnlySpan<byte> data)
    {
        KeyNode node = Node;
        int index = FindValueIndex(node, name, out ValueNode old);
        Hive.Editor.SetValue(node, index, old, name, type, data.ToArray());
    }

    /// <summary>Deletes a value; nothing happens when it is absent.</summary>
    /// <param name="name">Its name, without case; empty for the default value.</param>
    public void DeleteValue(string name)
    {
        KeyNode node = Node;
        int index = FindValueIndex(node, name, out ValueNode value);
        if (index >= 0)
        {
            Hive.Editor.DeleteValue(node, index, value);
        }
    }

    /// <summary>Sets the security descriptor; keys with the same one share it. Nothing changes when it is so already.</summary>
    /// <param name="descriptor">Self-relative ([MS-DTYP] 2.4.6).</param>
    /// <exception cref="DiskFormatException">It is none.</exception>
    public void SetSecurityDescriptor(ReadOnlySpan<byte> descriptor) => Hive.Editor.SetSecurity(Node, descriptor.ToArray());
}
