using System.Runtime.InteropServices;
using System.Text;

namespace VmUpdate.Libvirt.Native;

/// <summary>Texts on their way to and from the C library.</summary>
internal static class Utf8
{
    /// <summary>A text with a zero at its end.</summary>
    internal static byte[] Of(string text) => Encoding.UTF8.GetBytes(text + '\0');

    /// <summary>A text that the library keeps; empty for none.</summary>
    internal static string Read(IntPtr text) => text == IntPtr.Zero ? string.Empty : Encoding.UTF8.GetString(Bytes(text, int.MaxValue)!);

    /// <summary>A text that is the caller's, freed here.</summary>
    /// <param name="text">The text.</param>
    /// <param name="limit">The most bytes; a longer one is not copied.</param>
    /// <returns>The text; <see langword="null"/> when it is longer.</returns>
    internal static string? Take(IntPtr text, int limit = int.MaxValue)
    {
        try
        {
            return Bytes(text, limit) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
        }
        finally
        {
            VirApi.Free(text);
        }
    }

    /// <summary>Bytes up to the first zero.</summary>
    internal static string Of(byte[] field)
    {
        int end = Array.IndexOf(field, (byte)0);
        return Encoding.UTF8.GetString(field, 0, end < 0 ? field.Length : end);
    }

    private static unsafe byte[]? Bytes(IntPtr text, int limit)
    {
        byte* start = (byte*)text;
        int length = 0;
        while (start[length] != 0)
        {
            if (++length > limit)
            {
                return null;
            }
        }

        byte[] bytes = new byte[length];
        Marshal.Copy(text, bytes, 0, length);
        return bytes;
    }
}
