using System.Buffers.Binary;
using System.Globalization;

namespace VmUpdate.Core.Machines;

/// <summary>The accounts that Hyper-V's machines open their files under.</summary>
/// <remarks>The authority 5-83 is "NT VIRTUAL MACHINE"; a machine's own account is made of its id ([MS-DTYP] 2.4.2.4, VIRTUAL_SERVER).</remarks>
public static class VmSid
{
    /// <summary>All machines of a host.</summary>
    public const string AllMachines = "S-1-5-83-0";

    private const int Parts = 4;

    /// <summary>The account of one machine.</summary>
    /// <param name="vm">The machine's id.</param>
    /// <returns>Its SID: <c>S-1-5-83-1-</c> and the id's 16 bytes as four little-endian numbers.</returns>
    public static string Of(Guid vm)
    {
        byte[] bytes = vm.ToByteArray();
        return "S-1-5-83-1-" + string.Join("-", Enumerable.Range(0, Parts).Select(
            part => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(part * sizeof(uint))).ToString(CultureInfo.InvariantCulture)));
    }
}
