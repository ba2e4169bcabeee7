using System.Buffers.Binary;

namespace VmUpdate.Core.Tests.Identity.Support;

/// <summary>Self-relative security descriptors ([MS-DTYP] 2.4.6).</summary>
internal static class Descriptors
{
    public static byte[] System { get; } = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];

    /// <summary>Owned by an account of the machine whose SID <c>WindowsDiskBuilder</c> gives.</summary>
    public static byte[] Account(uint machineSid, uint relativeId)
    {
        byte[] sid = new byte[28];
        new byte[] { 1, 5, 0, 0, 0, 0, 0, 5, 21 }.CopyTo(sid, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(sid.AsSpan(12), machineSid);
        BinaryPrimitives.WriteUInt32LittleEndian(sid.AsSpan(16), 2);
        BinaryPrimitives.WriteUInt32LittleEndian(sid.AsSpan(20), 3);
        BinaryPrimitives.WriteUInt32LittleEndian(sid.AsSpan(24), relativeId);
        return sid;
    }

    /// <summary>Owner and group the given SID; full control for it and for SYSTEM, nothing inherited.</summary>
    public static byte[] OwnedBy(byte[] sid)
    {
        byte[] acl = [2, 0, 0, 0, 2, 0, 0, 0, .. Ace(sid), .. Ace(System)];
        BinaryPrimitives.WriteUInt16LittleEndian(acl.AsSpan(2), (ushort)acl.Length);
        byte[] result = [1, 0, 4, 0x90, .. new byte[16], .. acl, .. sid, .. sid];
        BinaryPrimitives.WriteInt32LittleEndian(result.AsSpan(4), 20 + acl.Length);
        BinaryPrimitives.WriteInt32LittleEndian(result.AsSpan(8), 20 + acl.Length + sid.Length);
        BinaryPrimitives.WriteInt32LittleEndian(result.AsSpan(16), 20);
        return result;
    }

    private static byte[] Ace(byte[] sid)
    {
        byte[] ace = [0, 0, 0, 0, 0xFF, 1, 0x1F, 0, .. sid];
        BinaryPrimitives.WriteUInt16LittleEndian(ace.AsSpan(2), (ushort)ace.Length);
        return ace;
    }
}
