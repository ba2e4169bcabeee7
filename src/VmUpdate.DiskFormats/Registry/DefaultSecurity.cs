namespace VmUpdate.DiskFormats.Registry;

/// <summary>The security of the root of a hive made here: full control for SYSTEM and Administrators, inherited by keys, nobody else.</summary>
internal static class DefaultSecurity
{
    /// <summary>O:BAG:SYD:P(A;CI;KA;;;SY)(A;CI;KA;;;BA), self-relative ([MS-DTYP] 2.4.6).</summary>
    public static ReadOnlySpan<byte> Descriptor =>
    [
        1, 0, 0x04, 0x90, // revision; DACL present, DACL protected, self-relative
        72, 0, 0, 0, 88, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, // owner, group, no SACL, DACL
        2, 0, 52, 0, 2, 0, 0, 0, // ACL: revision, size, two entries
        0, 2, 20, 0, 0x3F, 0, 0x0F, 0, // allow, container inherit, size, KEY_ALL_ACCESS
        1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, // S-1-5-18
        0, 2, 24, 0, 0x3F, 0, 0x0F, 0,
        1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0, // S-1-5-32-544
        1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0,
        1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0,
    ];
}
