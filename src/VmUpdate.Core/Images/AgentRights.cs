namespace VmUpdate.Core.Images;

/// <summary>Who may do what with the guest agent's folders in an image: security descriptors of [MS-DTYP] 2.4.6, owned by the administrators, not inherited.</summary>
internal static class AgentRights
{
    /// <summary>O:BA G:SY D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU): users read and run what the administrators put there.</summary>
    public static readonly byte[] ReadByUsers =
    [
        1, 0, 4, 0x90, 0x60, 0, 0, 0, 0x70, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0,
        2, 0, 0x4C, 0, 3, 0, 0, 0, 0, 3, 0x14, 0, 0xFF, 1, 0x1F, 0, 1, 1, 0, 0,
        0, 0, 0, 5, 0x12, 0, 0, 0, 0, 3, 0x18, 0, 0xFF, 1, 0x1F, 0, 1, 2, 0, 0,
        0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0, 0, 3, 0x18, 0, 0xA9, 0, 0x12, 0,
        1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x21, 2, 0, 0, 1, 2, 0, 0,
        0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0, 1, 1, 0, 0, 0, 0, 0, 5,
        0x12, 0, 0, 0,
    ];

    /// <summary>O:BA G:SY D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA): SYSTEM and the administrators alone.</summary>
    public static readonly byte[] Private =
    [
        1, 0, 4, 0x90, 0x48, 0, 0, 0, 0x58, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0,
        2, 0, 0x34, 0, 2, 0, 0, 0, 0, 3, 0x14, 0, 0xFF, 1, 0x1F, 0, 1, 1, 0, 0,
        0, 0, 0, 5, 0x12, 0, 0, 0, 0, 3, 0x18, 0, 0xFF, 1, 0x1F, 0, 1, 2, 0, 0,
        0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0, 1, 2, 0, 0, 0, 0, 0, 5,
        0x20, 0, 0, 0, 0x20, 2, 0, 0, 1, 1, 0, 0, 0, 0, 0, 5, 0x12, 0, 0, 0,
    ];
}
