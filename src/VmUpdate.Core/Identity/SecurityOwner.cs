using System.Buffers.Binary;

namespace VmUpdate.Core.Identity;

/// <summary>Reads the owner out of a self-relative security descriptor ([MS-DTYP] 2.4.6).</summary>
internal static class SecurityOwner
{
    private const int OwnerField = 4;
    private const int SidHeaderSize = 8;

    /// <summary>The owner's SID; empty when there is none, or when the bytes are not a descriptor.</summary>
    public static ReadOnlySpan<byte> Of(byte[] descriptor)
    {
        if (descriptor.Length < OwnerField + sizeof(uint))
        {
            return default;
        }

        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(OwnerField));
        if (offset == 0 || offset > (uint)descriptor.Length - SidHeaderSize || descriptor.Length < SidHeaderSize)
        {
            return default;
        }

        int length = SidHeaderSize + (descriptor[(int)offset + 1] * sizeof(uint));
        return length <= descriptor.Length - (int)offset ? descriptor.AsSpan((int)offset, length) : default;
    }
}
