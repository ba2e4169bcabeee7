using System.Security.Cryptography;
using System.Text;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>What a hive holds, in the words of the oracle that judges by hivex: counts, and one digest of all values.</summary>
internal sealed record HiveDigest(int Keys, int Values, string Digest)
{
    public static HiveDigest Of(RegistryHive hive)
    {
        var rows = new List<byte[]>();
        var paths = new List<string>();
        int keys = 0;
        int values = 0;
        RegistryWalker walker = hive.Walk();
        while (walker.Read())
        {
            if (!walker.IsValue)
            {
                keys++;
                paths.RemoveRange(walker.Depth, paths.Count - walker.Depth);
                paths.Add(walker.Depth == 0 ? string.Empty : paths[walker.Depth - 1] + "\\" + walker.Name.ToString());
                continue;
            }

            values++;
            string hash = Convert.ToHexStringLower(SHA256.HashData(walker.Data));
            rows.Add(Utf8($"{paths[walker.Depth]}\t{walker.Name}\t{walker.Type}\t{hash}"));
        }

        // Python sorts by code point, which is the order of UTF-8 bytes.
        rows.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < rows.Count; i++)
        {
            if (i > 0)
            {
                digest.AppendData("\n"u8);
            }

            digest.AppendData(rows[i]);
        }

        return new HiveDigest(keys, values, Convert.ToHexStringLower(digest.GetHashAndReset())[..16]);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
