using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>The keys under which a Windows seals its LSA secrets: <c>Policy\PolEKList</c> of SECURITY, itself sealed under the boot key.</summary>
/// <remarks>
/// The plain text, little-endian; offset and length in bytes:
/// <code>
///  0    4  Type           1
///  4   16  CurrentKeyId   new secrets go under this one
/// 20    4  Type           1
/// 24    4  KeyCount
/// 28       then per key: KeyId (16), Type (4), Size (4), the key itself
/// </code>
/// Readers of the field take the first key from its place and look at nothing else; so do we when the list does not add up.
/// </remarks>
internal sealed class LsaKeyRing : IDisposable
{
    /// <summary>The key that holds the list.</summary>
    public const string ListKey = "Policy\\PolEKList";

    private const string OlderListKey = "Policy\\PolSecretEncryptionKey";
    private const int KeySize = 32;
    private const int CurrentIdOffset = 4;
    private const int CountOffset = 24;
    private const int FirstKeyOffset = 28;
    private const int KeyHeaderSize = 24;
    private const int MaxKeys = 64; // Windows holds one, and a second while it changes keys; more only means that the list is none

    private readonly Dictionary<Guid, SecretBuffer> _keys;

    private LsaKeyRing(Guid currentId, Dictionary<Guid, SecretBuffer> keys)
    {
        CurrentId = currentId;
        _keys = keys;
    }

    /// <summary>The key that new secrets go under.</summary>
    public Guid CurrentId { get; }

    /// <summary>The key that new secrets go under. It lives as long as the ring.</summary>
    public SecretBuffer Current => _keys[CurrentId];

    /// <summary>Opens the list.</summary>
    /// <param name="security">The SECURITY hive.</param>
    /// <param name="bootKey">The boot key of the same Windows.</param>
    /// <param name="subject">What messages call the disk.</param>
    /// <returns>The keys.</returns>
    /// <exception cref="IdentityException">The list is missing, of the older form, or does not open under the boot key.</exception>
    public static LsaKeyRing Open(RegistryHive security, SecretBuffer bootKey, string subject)
    {
        byte[]? record = security.Find(ListKey)?.FindValue(string.Empty)?.Data;
        if (record is null)
        {
            throw security.Find(OlderListKey) is not null
                ? new IdentityException(
                    IdentityFailure.SecretFormUnsupported,
                    subject,
                    "the LSA keys are of the RC4 form of Windows XP and Server 2003, which is not supported: join the machine to its domain anew after the swap.",
                    Place(OlderListKey))
                : Fail(subject, "the key or its value is missing");
        }

        using SecretBuffer? list = LsaSecretRecord.Read(record, subject, Place(ListKey)).Open(bootKey);
        if (list is null || list.Length < FirstKeyOffset + KeyHeaderSize + KeySize)
        {
            throw Fail(subject, "the list does not open under the boot key of this disk's SYSTEM hive (the two hives may be of different machines)");
        }

        Guid currentId = MemoryMarshal.Read<Guid>(list.Span.Slice(CurrentIdOffset));
        Dictionary<Guid, SecretBuffer> keys = ReadKeys(list.Span);
        if (!keys.ContainsKey(currentId))
        {
            Dispose(keys);
            keys = new Dictionary<Guid, SecretBuffer>
            {
                [currentId] = SecretBuffer.CopyOf(list.Span.Slice(FirstKeyOffset + KeyHeaderSize, KeySize)),
            };
        }

        return new LsaKeyRing(currentId, keys);
    }

    /// <summary>Looks a key up.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>The key, which lives as long as the ring; <see langword="null"/> when the list does not hold it.</returns>
    public SecretBuffer? Find(Guid id) => _keys.TryGetValue(id, out SecretBuffer? key) ? key : null;

    public void Dispose() => Dispose(_keys);

    private static Dictionary<Guid, SecretBuffer> ReadKeys(ReadOnlySpan<byte> list)
    {
        var keys = new Dictionary<Guid, SecretBuffer>();
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(list.Slice(CountOffset));
        ReadOnlySpan<byte> rest = list.Slice(FirstKeyOffset);
        for (uint index = 0; index < count && count <= MaxKeys && rest.Length >= KeyHeaderSize; index++)
        {
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(rest.Slice(KeyHeaderSize - sizeof(uint)));
            if (size > rest.Length - KeyHeaderSize)
            {
                break;
            }

            Guid id = MemoryMarshal.Read<Guid>(rest);
            if (size == KeySize && !keys.ContainsKey(id))
            {
                keys.Add(id, SecretBuffer.CopyOf(rest.Slice(KeyHeaderSize, KeySize)));
            }

            rest = rest.Slice(KeyHeaderSize + (int)size);
        }

        return keys;
    }

    private static void Dispose(Dictionary<Guid, SecretBuffer> keys)
    {
        foreach (SecretBuffer key in keys.Values)
        {
            key.Dispose();
        }
    }

    private static string Place(string key) => $"SECURITY, {key}";

    private static IdentityException Fail(string subject, string what) => new(
        IdentityFailure.LsaKeysUnreadable, subject, $"{what}, so no LSA secret of this Windows can be opened.", Place(ListKey));
}
