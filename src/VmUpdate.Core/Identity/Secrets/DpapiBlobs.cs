using System.Runtime.InteropServices;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>Finds DPAPI blobs in other files, to know which master keys those need. Opens none.</summary>
/// <remarks>
/// A blob starts with its version (4), the provider's id (16), the master key's version (4) and the master key's id (16).
/// Key containers hold one or more at no fixed place, so the provider's id is looked for.
/// </remarks>
internal static class DpapiBlobs
{
    private const int MasterKeyIdOffset = 20; // from the provider's id
    private const int GuidSize = 16;

    private static readonly byte[] Provider = new Guid("df9d8cd0-1501-11d1-8c7a-00c04fc297eb").ToByteArray();

    /// <summary>The ids of the master keys that the blobs in some bytes name.</summary>
    /// <param name="bytes">The bytes of a file.</param>
    /// <returns>The ids, each once; none when there is no blob.</returns>
    public static IReadOnlyCollection<Guid> FindMasterKeyIds(ReadOnlySpan<byte> bytes)
    {
        var ids = new HashSet<Guid>();
        for (int at = bytes.IndexOf(Provider); at >= 0; at = bytes.IndexOf(Provider))
        {
            bytes = bytes.Slice(at);
            if (bytes.Length < MasterKeyIdOffset + GuidSize)
            {
                break;
            }

            ids.Add(MemoryMarshal.Read<Guid>(bytes.Slice(MasterKeyIdOffset)));
            bytes = bytes.Slice(GuidSize);
        }

        return ids;
    }
}
