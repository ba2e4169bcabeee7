using System.Security.Cryptography;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>What a section of a master key file says it is sealed with: the numbers are CryptoAPI's ALG_ID.</summary>
/// <param name="Hash">The hash of derivation and check.</param>
/// <param name="HashSize">Its length, in bytes.</param>
/// <param name="KeySize">The cipher's key, in bytes.</param>
/// <param name="BlockSize">The cipher's block, in bytes.</param>
internal sealed record DpapiAlgorithms(HashAlgorithmName Hash, int HashSize, int KeySize, int BlockSize)
{
    private const uint CalgSha1 = 0x8004;
    private const uint CalgHmac = 0x8009; // in this place it means HMAC with SHA-1
    private const uint CalgSha512 = 0x800E;
    private const uint Calg3Des = 0x6603;
    private const uint CalgAes256 = 0x6610;

    /// <summary>The pairs that Windows writes: SHA-512 with AES-256 since Windows 7, SHA-1 with 3DES before.</summary>
    public static DpapiAlgorithms? Find(uint hash, uint cipher) => (hash, cipher) switch
    {
        (CalgSha512, CalgAes256) => new DpapiAlgorithms(HashAlgorithmName.SHA512, 64, 32, 16),
        (CalgHmac or CalgSha1, Calg3Des) => new DpapiAlgorithms(HashAlgorithmName.SHA1, 20, 24, 8),
        _ => null,
    };

    public SymmetricAlgorithm CreateCipher()
    {
        if (KeySize == 32)
        {
            return Aes.Create();
        }

#pragma warning disable CA5350 // The form of the file decides: keys made before Windows 7 are sealed so, and go back as they came.
        return TripleDES.Create();
#pragma warning restore CA5350
    }

    public IncrementalHash CreateMac(SecretBuffer key) => IncrementalHash.CreateHMAC(Hash, key.Pinned);

    /// <summary>Ends a keyed hash into a buffer and makes it ready for the next.</summary>
    public static void Finish(IncrementalHash mac, Span<byte> destination)
    {
#if NET8_0_OR_GREATER
        mac.GetHashAndReset(destination);
#else
        byte[] hash = mac.GetHashAndReset();
        hash.CopyTo(destination);
        SecretBuffer.Zero(hash);
#endif
    }
}
