using System.Security.Cryptography;
using VmUpdate.Core.Identity.Secrets;

namespace VmUpdate.Core.Identity;

/// <summary>PBKDF2 with HMAC-SHA-256 (RFC 8018, 5.2), one block: 32 bytes. netstandard2.0 knows it with SHA-1 only.</summary>
internal static class Pbkdf2
{
    private const int Size = 32;

    public static SecretBuffer Derive(SecretBuffer password, byte[] salt, int rounds)
    {
        var result = new SecretBuffer(Size);
#if NET8_0_OR_GREATER
        Rfc2898DeriveBytes.Pbkdf2(password.Span, salt, result.Span, rounds, HashAlgorithmName.SHA256);
#else
        using var hmac = new HMACSHA256(password.Pinned);
        using SecretBuffer last = SecretBuffer.Take(hmac.ComputeHash([.. salt, 0, 0, 0, 1]));
        last.Span.CopyTo(result.Span);
        for (int round = 1; round < rounds; round++)
        {
            byte[] next = hmac.ComputeHash(last.Pinned);
            for (int index = 0; index < Size; index++)
            {
                result.Pinned[index] ^= next[index];
            }

            next.CopyTo(last.Pinned, 0);
            SecretBuffer.Zero(next);
        }
#endif
        return result;
    }
}
