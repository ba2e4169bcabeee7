using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>
/// A registry key and all it holds as bytes, equal for equal keys: names in order, so that two hives that hold the same in another
/// order compare equal. For each key: class name, security descriptor, values (name, type, data), keys (name, then the same again).
/// </summary>
internal static class KeyTree
{
    private const int MaxDepth = 512;            // the registry's own limit for the levels of a tree
    private const long MaxSize = 64L << 20;      // identity is small; a tree of more is not identity, or a hostile hive

    public static byte[] Serialize(RegistryKey key) => Serialize(key, whole: true, (_, value) => value);

    /// <summary>The same with other values in their places.</summary>
    /// <param name="key">The key.</param>
    /// <param name="change">What to write for a value; it is told the name of the key that holds it, empty for the uppermost.</param>
    public static byte[] Serialize(RegistryKey key, Func<string, RegistryValue, RegistryValue> change) => Serialize(key, whole: true, change);

    public static byte[] SerializeShell(RegistryKey key) => Serialize(key, whole: false, (_, value) => value);

    public static void Apply(RegistryKey key, byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes, writable: false));
        Apply(key, reader);
    }

    private static byte[] Serialize(RegistryKey key, bool whole, Func<string, RegistryValue, RegistryValue> change)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        Serialize(key, writer, whole, change, 0);
        writer.Flush();
        byte[] bytes = stream.ToArray();
        byte[] used = stream.GetBuffer();
        Array.Clear(used, 0, used.Length);
        return bytes;
    }

    private static void Serialize(
        RegistryKey key, BinaryWriter writer, bool whole, Func<string, RegistryValue, RegistryValue> change, int depth)
    {
        if (depth > MaxDepth || writer.BaseStream.Length > MaxSize)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded,
                "key",
                -1,
                $"the key {key.Name} is part of a tree of more than {MaxDepth} levels or {MaxSize} bytes, which is not carried.");
        }

        Write(writer, key.ClassName);
        byte[] security = key.GetSecurityDescriptor();
        writer.Write(security.Length);
        writer.Write(security);
        string name = depth == 0 ? string.Empty : key.Name;
        RegistryValue[] values = whole
            ? [.. key.Values.OrderBy(value => value.Name, StringComparer.OrdinalIgnoreCase).Select(value => change(name, value))]
            : [];
        writer.Write(values.Length);
        foreach (RegistryValue value in values)
        {
            Write(writer, value.Name);
            writer.Write(value.Type);
            writer.Write(value.Data.Length);
            writer.Write(value.Data);
        }

        RegistryKey[] keys = whole ? [.. key.SubKeys.OrderBy(sub => sub.Name, StringComparer.OrdinalIgnoreCase)] : [];
        writer.Write(keys.Length);
        foreach (RegistryKey sub in keys)
        {
            Write(writer, sub.Name);
            Serialize(sub, writer, whole, change, depth + 1);
        }
    }

    // Unit by unit: a name may hold half of a surrogate pair, which an encoding would replace.
    private static void Write(BinaryWriter writer, string text)
    {
        writer.Write(text.Length);
        foreach (char unit in text)
        {
            writer.Write((ushort)unit);
        }
    }

    private static string ReadText(BinaryReader reader)
    {
        var text = new char[reader.ReadInt32()];
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = (char)reader.ReadUInt16();
        }

        return new string(text);
    }

    private static void Apply(RegistryKey key, BinaryReader reader)
    {
        key.SetClassName(ReadText(reader));
        key.SetSecurityDescriptor(reader.ReadBytes(reader.ReadInt32()));
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            string name = ReadText(reader);
            uint type = reader.ReadUInt32();
            byte[] data = reader.ReadBytes(reader.ReadInt32());
            key.SetValue(name, type, data);
            Array.Clear(data, 0, data.Length);
        }

        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            Apply(key.CreateSubKey(ReadText(reader)), reader);
        }
    }
}
