using System.Runtime.InteropServices;

namespace VmUpdate.Libvirt.Native;

/// <summary>
/// The functions of libvirt's C library that are used. It is loaded by the first call of one of them, never before: a computer without
/// libvirt loads this assembly like any other. Texts are UTF-8 with a zero at the end.
/// </summary>
internal static class VirApi
{
    internal const uint ShutdownByAcpi = 1;
    internal const uint ShutdownByAgent = 2;
    internal const uint SaveToRunning = 2;
    internal const uint XmlSecure = 1;
    internal const uint XmlInactive = 2;
    internal const uint ListWithManagedSave = 256;
    internal const uint ListWithSnapshots = 4096;
    internal const int MetadataElement = 2;
    internal const uint AffectConfig = 2;
    internal const int EventLifecycle = 0;
    internal const int EventAgent = 18;
    internal const int AllProcessors = -1;
    internal const uint UndefineManagedSave = 1;
    internal const uint UndefineSnapshots = 2;
    internal const uint UndefineFirmwareSettings = 4;

    private const string Library = "libvirt.so.0";
    private const string QemuLibrary = "libvirt-qemu.so.0";
    private const string CLibrary = "libc";

    /// <summary>Called for an event of a domain.</summary>
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int DomainCallback(IntPtr connection, IntPtr domain, int what, int detail, IntPtr opaque);

    /// <summary>Called when a connection is closed by the other side.</summary>
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void CloseCallback(IntPtr connection, int reason, IntPtr opaque);

    /// <summary>Called for each error.</summary>
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void ErrorCallback(IntPtr opaque, IntPtr error);

    [DllImport(Library, EntryPoint = "virSetErrorFunc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern void SetErrorFunction(IntPtr opaque, ErrorCallback callback);

    [DllImport(Library, EntryPoint = "virGetLastError")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern IntPtr GetLastError();

    [DllImport(Library, EntryPoint = "virResetLastError")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern void ResetLastError();

    [DllImport(Library, EntryPoint = "virEventRegisterDefaultImpl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int RegisterEventLoop();

    [DllImport(Library, EntryPoint = "virEventRunDefaultImpl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int RunEventLoopOnce();

    [DllImport(Library, EntryPoint = "virConnectOpen")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern IntPtr Open(byte[] uri);

    [DllImport(Library, EntryPoint = "virConnectRef")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Reference(IntPtr connection);

    [DllImport(Library, EntryPoint = "virConnectClose")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Close(IntPtr connection);

    [DllImport(Library, EntryPoint = "virConnectIsAlive")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int IsAlive(IntPtr connection);

    [DllImport(Library, EntryPoint = "virConnectSetKeepAlive")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int SetKeepAlive(IntPtr connection, int intervalSeconds, uint count);

    [DllImport(Library, EntryPoint = "virConnectGetHostname")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern IntPtr GetHostName(IntPtr connection);

    [DllImport(Library, EntryPoint = "virConnectGetCapabilities")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern IntPtr GetCapabilities(IntPtr connection);

    [DllImport(Library, EntryPoint = "virConnectListAllDomains")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int ListDomains(IntPtr connection, out IntPtr domains, uint flags);

    [DllImport(Library, EntryPoint = "virConnectDomainEventRegisterAny")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int RegisterEvent(IntPtr connection, IntPtr domain, int what, DomainCallback callback, IntPtr opaque, IntPtr free);

    [DllImport(Library, EntryPoint = "virConnectDomainEventDeregisterAny")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int UnregisterEvent(IntPtr connection, int callback);

    [DllImport(Library, EntryPoint = "virConnectRegisterCloseCallback")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int RegisterClose(IntPtr connection, CloseCallback callback, IntPtr opaque, IntPtr free);

    [DllImport(Library, EntryPoint = "virConnectUnregisterCloseCallback")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int UnregisterClose(IntPtr connection, CloseCallback callback);

    [DllImport(Library, EntryPoint = "virDomainLookupByUUIDString")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern IntPtr FindDomain(IntPtr connection, byte[] id);

    [DllImport(Library, EntryPoint = "virDomainFree")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int FreeDomain(IntPtr domain);

    [DllImport(Library, EntryPoint = "virDomainGetConnect")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern IntPtr GetConnection(IntPtr domain);

    [DllImport(Library, EntryPoint = "virDomainGetName")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern IntPtr GetName(IntPtr domain);

    [DllImport(Library, EntryPoint = "virDomainGetUUIDString")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int GetId(IntPtr domain, byte[] buffer37);

    [DllImport(Library, EntryPoint = "virDomainGetState")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int GetState(IntPtr domain, out int state, out int reason, uint flags);

    [DllImport(Library, EntryPoint = "virDomainHasManagedSaveImage")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int HasManagedSave(IntPtr domain, uint flags);

    [DllImport(Library, EntryPoint = "virDomainSnapshotNum")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int CountSnapshots(IntPtr domain, uint flags);

    [DllImport(Library, EntryPoint = "virDomainGetMaxMemory")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern nuint GetMaxMemory(IntPtr domain);

    [DllImport(Library, EntryPoint = "virDomainGetXMLDesc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern IntPtr GetXml(IntPtr domain, uint flags);

    [DllImport(Library, EntryPoint = "virDomainDefineXMLFlags")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern IntPtr Define(IntPtr connection, byte[] xml, uint flags);

    [DllImport(Library, EntryPoint = "virDomainGetMetadata")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern IntPtr GetMetadata(IntPtr domain, int type, byte[] uri, uint flags);

    [DllImport(Library, EntryPoint = "virDomainSetMetadata")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int SetMetadata(IntPtr domain, int type, byte[]? metadata, byte[] key, byte[] uri, uint flags);

    [DllImport(Library, EntryPoint = "virDomainCreateWithFlags")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Create(IntPtr domain, uint flags);

    [DllImport(Library, EntryPoint = "virDomainDestroy")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int TurnOff(IntPtr domain);

    [DllImport(Library, EntryPoint = "virDomainUndefineFlags")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Undefine(IntPtr domain, uint flags);

    [DllImport(Library, EntryPoint = "virDomainShutdownFlags")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int ShutDown(IntPtr domain, uint flags);

    [DllImport(Library, EntryPoint = "virDomainManagedSave")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Save(IntPtr domain, uint flags);

    [DllImport(Library, EntryPoint = "virDomainSuspend")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Suspend(IntPtr domain);

    [DllImport(Library, EntryPoint = "virDomainResume")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Resume(IntPtr domain);

    [DllImport(Library, EntryPoint = "virNodeGetCPUStats")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int GetProcessorStats(IntPtr connection, int processor, [Out] NodeStat[]? stats, ref int count, uint flags);

    [DllImport(Library, EntryPoint = "virNodeGetMemoryStats")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int GetMemoryStats(IntPtr connection, int cell, [Out] NodeStat[]? stats, ref int count, uint flags);

    [DllImport(QemuLibrary, EntryPoint = "virDomainQemuAgentCommand")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern IntPtr AskAgent(IntPtr domain, byte[] command, int timeoutSeconds, uint flags);

    [DllImport(CLibrary, EntryPoint = "free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern void Free(IntPtr memory);

    [DllImport(CLibrary, EntryPoint = "chmod", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int SetMode(byte[] path, uint mode);

    [DllImport(CLibrary, EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Signal(int process, int signal);

    /// <summary>One figure of the host: <c>virNodeCPUStats</c> and <c>virNodeMemoryStats</c>, 88 bytes both.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NodeStat
    {
        /// <summary>Its name.</summary>
        [MarshalAs(UnmanagedType.ByValArray, SizeConst = 80)]
        public byte[] Field;

        /// <summary>Nanoseconds of processors, KiB of memory.</summary>
        public ulong Value;
    }
}
