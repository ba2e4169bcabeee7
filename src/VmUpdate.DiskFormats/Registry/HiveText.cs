using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>Names as hives hold them: one byte for each character where all are Latin-1 ("compressed"), else UTF-16.</summary>
internal static class HiveText
{
    private const int OnStack = 256;

    /// <summary>The upper-case form that Windows compares by: one character for one.</summary>
    /// <param name="c">A UTF-16 unit.</param>
    /// <returns>Its upper-case form.</returns>
    /// <remarks>Windows' table leaves the micro sign alone, which .NET turns into a Greek letter.</remarks>
    public static char Upcase(char c) => c switch
    {
        < 'a' => c,
        <= 'z' => (char)(c - 32),
        < '\u00E0' => c,
        _ => char.ToUpperInvariant(c),
    };

    /// <summary>The hash of a hash leaf (lh).</summary>
    /// <param name="name">The name.</param>
    /// <returns>Its hash: of the upper-case name, 37 times the one before plus the character.</returns>
    public static uint Hash(ReadOnlySpan<char> name)
    {
        uint hash = 0;
        foreach (char c in name)
        {
            hash = unchecked((hash * 37) + Upcase(c));
        }

        return hash;
    }

    /// <summary>How many UTF-16 units a name has.</summary>
    /// <param name="raw">The name as it lies in the hive.</param>
    /// <param name="compressed">Whether it is one byte for each.</param>
    /// <returns>Their number.</returns>
    public static int Length(ReadOnlySpan<byte> raw, bool compressed) => compressed ? raw.Length : raw.Length / 2;

    /// <summary>Decodes a name.</summary>
    /// <param name="raw">The name as it lies in the hive.</param>
    /// <param name="compressed">Whether it is one byte for each character.</param>
    /// <param name="target">Receives the characters; long enough.</param>
    /// <returns>How many there are.</returns>
    public static int Decode(ReadOnlySpan<byte> raw, bool compressed, Span<char> target)
    {
        if (!compressed)
        {
            MemoryMarshal.Cast<byte, char>(raw).CopyTo(target);
            return raw.Length / 2;
        }

        for (int i = 0; i < raw.Length; i++)
        {
            target[i] = (char)raw[i];
        }

        return raw.Length;
    }

    /// <summary>Decodes a name.</summary>
    /// <param name="raw">The name as it lies in the hive.</param>
    /// <param name="compressed">Whether it is one byte for each character.</param>
    /// <returns>The name.</returns>
    public static string Decode(ReadOnlySpan<byte> raw, bool compressed)
    {
        if (!compressed)
        {
            return MemoryMarshal.Cast<byte, char>(raw).ToString();
        }

        Span<char> chars = raw.Length <= OnStack ? stackalloc char[OnStack] : new char[raw.Length];
        return chars.Slice(0, Decode(raw, compressed, chars)).ToString();
    }

    /// <summary>Whether two names are the same without case.</summary>
    /// <param name="raw">A name as it lies in the hive.</param>
    /// <param name="compressed">Whether that is one byte for each character.</param>
    /// <param name="name">The other name.</param>
    /// <returns>Whether they are.</returns>
    public static bool Same(ReadOnlySpan<byte> raw, bool compressed, ReadOnlySpan<char> name) =>
        Length(raw, compressed) == name.Length && Compare(raw, compressed, name) == 0;

    /// <summary>Compares two names as the order of subkeys wants it: by upper-case UTF-16 units.</summary>
    /// <param name="raw">A name as it lies in the hive.</param>
    /// <param name="compressed">Whether that is one byte for each character.</param>
    /// <param name="name">The other name.</param>
    /// <returns>Less than, equal to or greater than zero, as the first is before, the same as or behind the second.</returns>
    public static int Compare(ReadOnlySpan<byte> raw, bool compressed, ReadOnlySpan<char> name)
    {
        int length = Length(raw, compressed);
        for (int i = 0; i < Math.Min(length, name.Length); i++)
        {
            char mine = compressed ? (char)raw[i] : (char)(raw[2 * i] | (raw[(2 * i) + 1] << 8));
            int order = Upcase(mine) - Upcase(name[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return length - name.Length;
    }

    /// <summary>Whether a name is stored with one byte for each character.</summary>
    /// <param name="name">The name.</param>
    /// <returns>Whether all its characters are Latin-1.</returns>
    public static bool IsCompressible(string name)
    {
        foreach (char c in name)
        {
            if (c > 0xFF)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Encodes a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="compressed">Whether with one byte for each character.</param>
    /// <returns>The bytes.</returns>
    public static byte[] Encode(string name, bool compressed)
    {
        if (!compressed)
        {
            return MemoryMarshal.AsBytes(name.AsSpan()).ToArray();
        }

        byte[] bytes = new byte[name.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(name[i] & 0xFF);
        }

        return bytes;
    }
}
