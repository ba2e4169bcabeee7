using System.Buffers.Binary;
using System.Security.Cryptography;

namespace VmUpdate.Core.Identity;

/// <summary>The first bytes of a sealed bundle. They are part of what every segment's code covers, so none can be changed unseen.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///   0   8  Magic        "VMUPDIDB"
///   8   4  Version      1
///  12   4  HeaderSize   160
///  16  16  BundleId
///  32  16  VmId         the machine the bundle was taken from
///  48   8  TakenUtc     in ticks
///  56   4  SegmentSize  plain bytes in each segment but the last
///  60   4  Reserved     0
///  64  16  KeyId        the store's key
///  80  32  Salt         of the two keys derived from it
/// 112   8  PlainLength  of all segments
/// 120   8  Reserved     0
/// 128  32  Code         HMAC-SHA-256 of the 128 bytes before, and of what stands before those in an exported file
/// </code>
/// </remarks>
internal sealed class BundleHeader
{
    public const int Size = 160;
    public const int CurrentVersion = 1;
    public const int DefaultSegmentSize = 1 << 20;
    public const int SaltSize = 32;
    private const int CodeOffset = 128;
    private const int MaxSegmentSize = 16 << 20; // no writer makes more; a reader allocates it
    private static readonly byte[] Magic = "VMUPDIDB"u8.ToArray();

    public Guid BundleId { get; init; }

    public Guid VmId { get; init; }

    public long TakenTicks { get; init; }

    public int SegmentSize { get; init; } = DefaultSegmentSize;

    public Guid KeyId { get; init; }

    public byte[] Salt { get; init; } = [];

    public long PlainLength { get; init; }

    /// <exception cref="IdentityException">It is no bundle, or of a newer version.</exception>
    public static BundleHeader Read(byte[] bytes, string subject)
    {
        if (!bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic))
        {
            throw new IdentityException(IdentityFailure.BundleDamaged, subject, "it does not begin as a bundle does.");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
        if (version > CurrentVersion)
        {
            throw new IdentityException(
                IdentityFailure.BundleNewerVersion,
                subject,
                $"it was written by a newer version of VmUpdate (bundle version {version}; this one knows {CurrentVersion}).");
        }

        var header = new BundleHeader
        {
            BundleId = new Guid(bytes.AsSpan(16, 16).ToArray()),
            VmId = new Guid(bytes.AsSpan(32, 16).ToArray()),
            TakenTicks = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(48)),
            SegmentSize = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(56)),
            KeyId = new Guid(bytes.AsSpan(64, 16).ToArray()),
            Salt = bytes.AsSpan(80, SaltSize).ToArray(),
            PlainLength = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(112)),
        };
        bool isSound = version == CurrentVersion
            && BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12)) == Size
            && header.SegmentSize is > 0 and <= MaxSegmentSize
            && header.PlainLength is > 0 and < long.MaxValue / 4;
        return isSound ? header : throw new IdentityException(IdentityFailure.BundleDamaged, subject, "its header is not sound.");
    }

    /// <param name="codeKey">The key of the code.</param>
    /// <param name="front">What stands before the header and is covered by its code, too.</param>
    /// <returns>Both.</returns>
    public byte[] ToBytes(byte[] codeKey, byte[] front)
    {
        var bytes = new byte[Size];
        Magic.CopyTo(bytes, 0);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), CurrentVersion);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Size);
        BundleId.ToByteArray().CopyTo(bytes, 16);
        VmId.ToByteArray().CopyTo(bytes, 32);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(48), TakenTicks);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(56), SegmentSize);
        KeyId.ToByteArray().CopyTo(bytes, 64);
        Salt.CopyTo(bytes, 80);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(112), PlainLength);
        byte[] whole = [.. front, .. bytes];
        using var hmac = new HMACSHA256(codeKey);
        hmac.ComputeHash(whole, 0, front.Length + CodeOffset).CopyTo(whole, front.Length + CodeOffset);
        return whole;
    }
}
