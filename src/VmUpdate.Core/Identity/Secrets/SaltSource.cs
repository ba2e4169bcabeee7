using System.Security.Cryptography;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>Fills a buffer with bytes that nobody can foretell: the port through which salts come.</summary>
internal delegate void SaltSource(Span<byte> buffer);

/// <summary>The operating system's own source of chance.</summary>
internal static class SystemSalt
{
    public static void Fill(Span<byte> buffer)
    {
#if NET8_0_OR_GREATER
        RandomNumberGenerator.Fill(buffer);
#else
        byte[] bytes = new byte[buffer.Length];
        using RandomNumberGenerator source = RandomNumberGenerator.Create();
        source.GetBytes(bytes);
        bytes.CopyTo(buffer);
#endif
    }
}
