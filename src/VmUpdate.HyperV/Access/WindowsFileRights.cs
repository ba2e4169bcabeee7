using System.ComponentModel;
using System.Runtime.InteropServices;

namespace VmUpdate.HyperV.Access;

/// <summary>Windows' own lists of who may do what. It asks and writes; what is decided, <see cref="AccessList"/> decides.</summary>
internal sealed class WindowsFileRights : IFileRights
{
    private const string Library = "advapi32.dll";
    private const int FileObject = 1;
    private const int AccessListInformation = 4;
    private const int Revision = 1;

    internal static WindowsFileRights Instance { get; } = new();

    public bool Has(string path, string sid, uint rights) => AccessList.Allows(Read(path), sid, rights);

    public void Add(string path, string sid, uint rights) => Write(path, AccessList.With(Read(path), sid, rights));

    private static string Read(string path)
    {
        Require(GetNamedSecurityInfo(path, FileObject, AccessListInformation, IntPtr.Zero, IntPtr.Zero, out _, IntPtr.Zero, out IntPtr descriptor));
        try
        {
            if (!ConvertSecurityDescriptorToStringSecurityDescriptor(descriptor, Revision, AccessListInformation, out IntPtr text, out _))
            {
                throw new Win32Exception(Marshal.GetLastWin32Error());
            }

            try
            {
                return Marshal.PtrToStringUni(text) ?? string.Empty;
            }
            finally
            {
                LocalFree(text);
            }
        }
        finally
        {
            LocalFree(descriptor);
        }
    }

    private static void Write(string path, string text)
    {
        if (!ConvertStringSecurityDescriptorToSecurityDescriptor(text, Revision, out IntPtr descriptor, out _))
        {
            throw new Win32Exception(Marshal.GetLastWin32Error());
        }

        try
        {
            if (!GetSecurityDescriptorDacl(descriptor, out _, out IntPtr list, out _))
            {
                throw new Win32Exception(Marshal.GetLastWin32Error());
            }

            Require(SetNamedSecurityInfo(path, FileObject, AccessListInformation, IntPtr.Zero, IntPtr.Zero, list, IntPtr.Zero));
        }
        finally
        {
            LocalFree(descriptor);
        }
    }

    private static void Require(int error)
    {
        if (error != 0)
        {
            throw new Win32Exception(error);
        }
    }

    [DllImport(Library, EntryPoint = "GetNamedSecurityInfoW", CharSet = CharSet.Unicode)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int GetNamedSecurityInfo(
        string path, int kind, int information, IntPtr owner, IntPtr group, out IntPtr list, IntPtr watched, out IntPtr descriptor);

    [DllImport(Library, EntryPoint = "SetNamedSecurityInfoW", CharSet = CharSet.Unicode)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int SetNamedSecurityInfo(
        string path, int kind, int information, IntPtr owner, IntPtr group, IntPtr list, IntPtr watched);

    [DllImport(Library, EntryPoint = "ConvertSecurityDescriptorToStringSecurityDescriptorW", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool ConvertSecurityDescriptorToStringSecurityDescriptor(
        IntPtr descriptor, int revision, int information, out IntPtr text, out int length);

    [DllImport(Library, EntryPoint = "ConvertStringSecurityDescriptorToSecurityDescriptorW", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool ConvertStringSecurityDescriptorToSecurityDescriptor(string text, int revision, out IntPtr descriptor, out int length);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetSecurityDescriptorDacl(
        IntPtr descriptor, [MarshalAs(UnmanagedType.Bool)] out bool isPresent, out IntPtr list, [MarshalAs(UnmanagedType.Bool)] out bool isDefault);

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern IntPtr LocalFree(IntPtr memory);
}
