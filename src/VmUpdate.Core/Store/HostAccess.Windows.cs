using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace VmUpdate.Core.Store;

internal static partial class HostAccess
{
    private const int FileObject = 1;
    private const int DaclOnly = 4;
    private const uint WriteRights = 0x10000000 | 0x40000000 | 0x00010000 | 0x00040000 | 0x00080000 | 0x156; // all, write, delete, DAC, owner, data and attributes

    // SYSTEM, Administrators, the owner's rights, whoever makes something in it, and TrustedInstaller.
    private static readonly HashSet<string> Trusted =
        ["SY", "BA", "OW", "CO", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"];

    private static string? FindOtherWriterOnWindows(string path) => FindOtherOnWindows(path, MayWrite);

    private static string? FindOtherOnWindows(string path, Func<string, bool> isMeant)
    {
        if (GetNamedSecurityInfoW(path, FileObject, DaclOnly, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, out IntPtr descriptor) != 0)
        {
            return null;
        }

        IntPtr text = IntPtr.Zero;
        try
        {
            return ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, 1, DaclOnly, out text, IntPtr.Zero)
                ? FindOtherIn(Marshal.PtrToStringUni(text) ?? string.Empty, Environment.UserDomainName + "\\" + Environment.UserName, isMeant)
                : null;
        }
        finally
        {
            LocalFree(text);
            LocalFree(descriptor);
        }
    }

    /// <summary>Reads a list of rights ([MS-DTYP] 2.5.1) for one who may write and is not trusted.</summary>
    /// <param name="sddl">The list, as text.</param>
    /// <param name="account">The account that runs this, which is trusted, too.</param>
    /// <returns>Who, or <see langword="null"/>.</returns>
    internal static string? FindOtherWriterIn(string sddl, string account) => FindOtherIn(sddl, account, MayWrite);

    private static string? FindOtherIn(string sddl, string account, Func<string, bool> isMeant)
    {
        if (!sddl.StartsWith("D:", StringComparison.Ordinal) || sddl.Contains("NO_ACCESS_CONTROL"))
        {
            return "everybody";
        }

        foreach (Match entry in Regex.Matches(sddl, @"\(A;([A-Z]*);([^;]*);[^;]*;[^;]*;([^;)]*)[^)]*\)", RegexOptions.CultureInvariant))
        {
            string trustee = entry.Groups[3].Value;
            if (isMeant(entry.Groups[2].Value) && !Trusted.Contains(trustee) && !IsAccount(trustee, account))
            {
                return trustee;
            }
        }

        return null;
    }

    private static bool MayWrite(string rights)
    {
        if (rights.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return (Convert.ToUInt32(rights.Substring(2), 16) & WriteRights) != 0;
        }

        string[] writing = ["FA", "FW", "GA", "GW", "WD", "WO", "SD", "DC", "LC", "DT"];
        return Enumerable.Range(0, rights.Length / 2).Any(i => writing.Contains(rights.Substring(i * 2, 2)));
    }

    private static bool IsAccount(string sid, string account)
    {
        if (!sid.StartsWith("S-1-", StringComparison.Ordinal) || !ConvertStringSidToSidW(sid, out IntPtr binary))
        {
            return false;
        }

        try
        {
            int nameLength = 256;
            int domainLength = 256;
            char[] name = new char[nameLength];
            char[] domain = new char[domainLength];
            return LookupAccountSidW(null, binary, name, ref nameLength, domain, ref domainLength, out _)
                && string.Equals(
                    new string(domain, 0, domainLength) + "\\" + new string(name, 0, nameLength), account, StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            LocalFree(binary);
        }
    }

    [DllImport("advapi32", CharSet = CharSet.Unicode)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int GetNamedSecurityInfoW(
        string name, int objectType, int what, IntPtr owner, IntPtr group, IntPtr dacl, IntPtr sacl, out IntPtr descriptor);

    [DllImport("advapi32", CharSet = CharSet.Unicode)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool ConvertSecurityDescriptorToStringSecurityDescriptorW(
        IntPtr descriptor, int revision, int what, out IntPtr text, IntPtr length);

    [DllImport("advapi32", CharSet = CharSet.Unicode)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool ConvertStringSidToSidW(string text, out IntPtr sid);

    [DllImport("advapi32", CharSet = CharSet.Unicode)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool LookupAccountSidW(
        string? system, IntPtr sid, [Out] char[] name, ref int nameLength, [Out] char[] domain, ref int domainLength, out int use);

    [DllImport("kernel32", CharSet = CharSet.Unicode)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern uint GetDriveTypeW(string root);

    [DllImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern IntPtr LocalFree(IntPtr memory);
}
