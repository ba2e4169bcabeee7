using System.ComponentModel;
using System.Runtime.InteropServices;

namespace VmUpdate.Core.Identity;

/// <summary>
/// The key under the host's own DPAPI key, Windows only. Of the computer, not of the user: a scheduled task under another account
/// must be able to finish what an administrator began. Who may read the file is for the folder's access list.
/// </summary>
public sealed class DpapiKeyProtector : IKeyProtector
{
    private const uint UiForbidden = 0x1;    // CRYPTPROTECT_UI_FORBIDDEN
    private const uint LocalMachine = 0x4;   // CRYPTPROTECT_LOCAL_MACHINE

    private delegate bool Transform(ref DataBlob input, out DataBlob output);

    /// <inheritdoc/>
    public int Kind => 1;

    /// <inheritdoc/>
    public byte[] Protect(byte[] key) => Run(
        key,
        "sealed",
        (ref DataBlob input, out DataBlob output) =>
            CryptProtectData(ref input, null, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, UiForbidden | LocalMachine, out output));

    /// <inheritdoc/>
    public byte[] Unprotect(byte[] blob) => Run(
        blob,
        "opened",
        (ref DataBlob input, out DataBlob output) =>
            CryptUnprotectData(ref input, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, UiForbidden, out output));

    private static byte[] Run(byte[] bytes, string what, Transform transform)
    {
        GCHandle pin = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        try
        {
            var input = new DataBlob { Length = bytes.Length, Bytes = pin.AddrOfPinnedObject() };
            if (!transform(ref input, out DataBlob output))
            {
                var failure = new Win32Exception(Marshal.GetLastWin32Error());
                throw new IdentityException(
                    IdentityFailure.KeyProtectionFailed,
                    "the identity store's key",
                    $"it could not be {what} by this computer's DPAPI: {failure.Message}",
                    inner: failure);
            }

            var result = new byte[output.Length];
            Marshal.Copy(output.Bytes, result, 0, result.Length);
            Marshal.Copy(new byte[output.Length], 0, output.Bytes, output.Length);
            LocalFree(output.Bytes);
            return result;
        }
        finally
        {
            pin.Free();
        }
    }

    [DllImport("crypt32", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CryptProtectData(
        ref DataBlob input, string? description, IntPtr entropy, IntPtr reserved, IntPtr prompt, uint flags, out DataBlob output);

    [DllImport("crypt32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CryptUnprotectData(
        ref DataBlob input, IntPtr description, IntPtr entropy, IntPtr reserved, IntPtr prompt, uint flags, out DataBlob output);

    [DllImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern IntPtr LocalFree(IntPtr memory);

    [StructLayout(LayoutKind.Sequential)]
    private struct DataBlob
    {
        public int Length;
        public IntPtr Bytes;
    }
}
