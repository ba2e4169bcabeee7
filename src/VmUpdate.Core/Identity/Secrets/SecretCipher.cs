using System.Security.Cryptography;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>The block ciphers that LSA and DPAPI use, over buffers whose lengths are whole blocks.</summary>
internal static class SecretCipher
{
    /// <summary>AES-256 block by block, as LSA does it: each block under a zero vector of its own.</summary>
    public static void AesBlocks(SecretBuffer key, bool encrypt, byte[] input, int offset, int count, byte[] output)
    {
        using var aes = Aes.Create();
#pragma warning disable CA5358 // The mode is the format's, not our choice: each secret is under a key of its own.
        aes.Mode = CipherMode.ECB;
#pragma warning restore CA5358
        aes.Padding = PaddingMode.None;
        Transform(aes, key.Pinned, new byte[16], encrypt, input, offset, count, output);
    }

    /// <summary>Chained blocks, as DPAPI does it.</summary>
    /// <returns>Whether the cipher took the key: it refuses keys that would not hide anything.</returns>
    public static bool Chained(SymmetricAlgorithm cipher, byte[] key, byte[] vector, bool encrypt, byte[] input, byte[] output)
    {
        cipher.Mode = CipherMode.CBC;
        cipher.Padding = PaddingMode.None;
        try
        {
            Transform(cipher, key, vector, encrypt, input, 0, input.Length, output);
            return true;
        }
        catch (CryptographicException)
        {
            return false; // a weak 3DES key
        }
    }

    private static void Transform(
        SymmetricAlgorithm cipher, byte[] key, byte[] vector, bool encrypt, byte[] input, int offset, int count, byte[] output)
    {
        using ICryptoTransform transform = encrypt ? cipher.CreateEncryptor(key, vector) : cipher.CreateDecryptor(key, vector);

        // TransformBlock, not TransformFinalBlock: it writes into the pinned buffer instead of making an array of its own.
        int written = transform.TransformBlock(input, offset, count, output, 0);
        if (written != count)
        {
            throw new InvalidOperationException($"A cipher without padding gave {written} bytes for {count}.");
        }
    }
}
