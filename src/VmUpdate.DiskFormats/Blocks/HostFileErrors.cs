namespace VmUpdate.DiskFormats.Blocks;

/// <summary>Turns what the host says into a <see cref="HostFileException"/>, so that no other exception of files leaves this folder.</summary>
internal static class HostFileErrors
{
    // The low 16 bits of an HResult of facility Win32 ([MS-ERREF] 2.2).
    private const int ErrorFileNotFound = 2;
    private const int ErrorPathNotFound = 3;
    private const int ErrorAccessDenied = 5;
    private const int ErrorSharingViolation = 32;
    private const int ErrorLockViolation = 33;
    private const int ErrorHandleDiskFull = 39;
    private const int ErrorFileExists = 80;
    private const int ErrorDiskFull = 112;
    private const int ErrorAlreadyExists = 183;
    private const int Win32Facility = unchecked((int)0x80070000);

    // errno of Linux.
    private const int NoEntry = 2;
    private const int TryAgain = 11;
    private const int PermissionDenied = 13;
    private const int Busy = 16;
    private const int Exists = 17;
    private const int NotAFolder = 20;
    private const int TextFileBusy = 26;
    private const int NoSpaceLeft = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int NotPermitted = 1;
    private const int QuotaExceeded = 122;

    /// <summary>Whether an exception is one of those that file calls throw and that are to be translated.</summary>
    internal static bool IsForeseen(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or System.Security.SecurityException;

    /// <summary>The failure that an exception of System.IO stands for.</summary>
    internal static HostFileException Translate(Exception failure, string path, string what) =>
        new(CauseOf(failure), path, $"{what} failed: {failure.Message}", failure);

    /// <summary>The failure that an errno of Linux stands for.</summary>
    internal static HostFileException FromErrno(int errno, string path, string what) =>
        new(CauseOfErrno(errno), path, $"{what} failed: {DescribeErrno(errno)}.");

    /// <summary>The failure that an error code of Windows stands for.</summary>
    internal static HostFileException FromWin32(int error, string path, string what) =>
        new(CauseOfWin32(error), path, $"{what} failed: {new System.ComponentModel.Win32Exception(error).Message}");

    private static HostFileFailure CauseOf(Exception failure) => failure switch
    {
        FileNotFoundException or DirectoryNotFoundException => HostFileFailure.NotFound,
        UnauthorizedAccessException or System.Security.SecurityException => HostFileFailure.AccessDenied,
        { HResult: int code } when (code & unchecked((int)0xFFFF0000)) == Win32Facility => CauseOfWin32(code & 0xFFFF),
        { HResult: int code } when code is > 0 and < 4096 => CauseOfErrno(code),
        _ => HostFileFailure.Io,
    };

    private static HostFileFailure CauseOfWin32(int error) => error switch
    {
        ErrorFileNotFound or ErrorPathNotFound => HostFileFailure.NotFound,
        ErrorAccessDenied => HostFileFailure.AccessDenied,
        ErrorSharingViolation or ErrorLockViolation => HostFileFailure.InUse,
        ErrorDiskFull or ErrorHandleDiskFull => HostFileFailure.DiskFull,
        ErrorFileExists or ErrorAlreadyExists => HostFileFailure.AlreadyExists,
        _ => HostFileFailure.Io,
    };

    private static HostFileFailure CauseOfErrno(int errno) => errno switch
    {
        NoEntry or NotAFolder => HostFileFailure.NotFound,
        PermissionDenied or NotPermitted or ReadOnlyFileSystem => HostFileFailure.AccessDenied,
        TryAgain or Busy or TextFileBusy => HostFileFailure.InUse,
        Exists => HostFileFailure.AlreadyExists,
        NoSpaceLeft or QuotaExceeded => HostFileFailure.DiskFull,
        _ => HostFileFailure.Io,
    };

    private static string DescribeErrno(int errno) => errno switch
    {
        NoEntry => "there is no such file or folder",
        NotAFolder => "a part of the path is not a folder",
        PermissionDenied or NotPermitted => "the caller has no right to it",
        ReadOnlyFileSystem => "the file system is read-only",
        TryAgain or Busy or TextFileBusy => "another program holds it",
        Exists => "a file of that name exists",
        NoSpaceLeft => "no room is left on the volume",
        QuotaExceeded => "the quota is used up",
        _ => $"the host's error number is {errno}",
    };
}
