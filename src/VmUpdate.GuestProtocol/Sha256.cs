using System.Buffers.Binary;
using System.Globalization;

namespace VmUpdate.GuestProtocol;

/// <summary>
/// SHA-256, the hash of payloads. Our own because a guest's agent must need nothing installed: on Linux the platform's loads OpenSSL, and ends
/// the process when it is not there.
/// </summary>
/// <remarks>FIPS 180-4: padding 5.1.1, initial value 5.3.3, constants 4.2.2, functions 4.1.2, computation 6.2.2.</remarks>
internal static class Sha256
{
    private const int BlockSize = 64;
    private const int LengthSize = sizeof(ulong);
    private const int Rounds = 64;

    private static readonly uint[] Constants =
    [
        0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
        0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
        0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
        0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
        0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
        0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
        0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
        0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
    ];

    /// <summary>Hashes bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>64 hexadecimal digits, capitals.</returns>
    internal static string HashOf(ReadOnlySpan<byte> bytes)
    {
        Span<uint> hash = stackalloc uint[] { 0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19 };
        int whole = bytes.Length / BlockSize * BlockSize;
        for (int offset = 0; offset < whole; offset += BlockSize)
        {
            AddBlock(hash, bytes.Slice(offset, BlockSize));
        }

        // What is left, a bit that is set, zeros, and the length in bits: one block more, or two.
        ReadOnlySpan<byte> rest = bytes.Slice(whole);
        Span<byte> last = stackalloc byte[2 * BlockSize];
        last.Clear();
        rest.CopyTo(last);
        last[rest.Length] = 0x80;
        last = last.Slice(0, rest.Length + 1 + LengthSize <= BlockSize ? BlockSize : 2 * BlockSize);
        BinaryPrimitives.WriteUInt64BigEndian(last.Slice(last.Length - LengthSize), (ulong)bytes.Length * 8);
        for (int offset = 0; offset < last.Length; offset += BlockSize)
        {
            AddBlock(hash, last.Slice(offset, BlockSize));
        }

        return string.Concat(hash.ToArray().Select(word => word.ToString("X8", CultureInfo.InvariantCulture)));
    }

    private static void AddBlock(Span<uint> hash, ReadOnlySpan<byte> block)
    {
        // All sums are modulo 2^32.
        unchecked
        {
            Span<uint> words = stackalloc uint[Rounds];
            for (int t = 0; t < Rounds; t++)
            {
                words[t] = t < 16
                    ? BinaryPrimitives.ReadUInt32BigEndian(block.Slice(t * sizeof(uint)))
                    : SmallSigma1(words[t - 2]) + words[t - 7] + SmallSigma0(words[t - 15]) + words[t - 16];
            }

            (uint a, uint b, uint c, uint d) = (hash[0], hash[1], hash[2], hash[3]);
            (uint e, uint f, uint g, uint h) = (hash[4], hash[5], hash[6], hash[7]);
            for (int t = 0; t < Rounds; t++)
            {
                uint first = h + BigSigma1(e) + ((e & f) ^ (~e & g)) + Constants[t] + words[t];
                uint second = BigSigma0(a) + ((a & b) ^ (a & c) ^ (b & c));
                (h, g, f, e) = (g, f, e, d + first);
                (d, c, b, a) = (c, b, a, first + second);
            }

            hash[0] += a;
            hash[1] += b;
            hash[2] += c;
            hash[3] += d;
            hash[4] += e;
            hash[5] += f;
            hash[6] += g;
            hash[7] += h;
        }
    }

    private static uint BigSigma0(uint x) => Rotate(x, 2) ^ Rotate(x, 13) ^ Rotate(x, 22);

    private static uint BigSigma1(uint x) => Rotate(x, 6) ^ Rotate(x, 11) ^ Rotate(x, 25);

    private static uint SmallSigma0(uint x) => Rotate(x, 7) ^ Rotate(x, 18) ^ (x >> 3);

    private static uint SmallSigma1(uint x) => Rotate(x, 17) ^ Rotate(x, 19) ^ (x >> 10);

    /// <summary>To the right, by 1 to 31 bits.</summary>
    private static uint Rotate(uint x, int bits) => (x >> bits) | (x << (32 - bits));
}
