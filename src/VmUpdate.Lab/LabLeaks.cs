using System.Text;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Lab;

/// <summary>
/// What is wrong with a lab's disks on purpose, so that <c>Test-VmIdentity</c> has something to find. The passwords are made up, and are no
/// secret to who reads this file.
/// </summary>
public static class LabLeaks
{
    /// <summary>The password of the made-up builder, in <c>Winlogon</c> and in the answer file of both masters.</summary>
    public const string BuilderPassword = "Not-A-Secret-In-A-Lab-1";

    private const string WinlogonKey = @"Microsoft\Windows NT\CurrentVersion\Winlogon";
    private const string TrendMicroKey = @"Wow6432Node\TrendMicro\PC-cillinNTCorp\CurrentVersion";
    private const int LogonNameLength = 24;

    /// <summary>
    /// The sets of the catalogue that each of the two masters leaks: ids of the machine that it was built on, and what its builder left.
    /// </summary>
    public static IReadOnlyList<string> OfEachMaster { get; } =
    [
        "answer-file-passwords", "auto-logon", "cached-logons", "console-history",
        "defender-for-endpoint", "dhcpv6-duid", "msmq", "sqm-machine-id", "tanium", "windows-update",
    ];

    /// <summary>The set that the first two pooled machines share: as if the second had been copied from the first.</summary>
    public static string SharedByFirstTwo => "trend-micro";

    internal static void PlantInMaster(RegistryHive software, RegistryHive security)
    {
        RegistryKey winlogon = software.Create(WinlogonKey);
        SetText(winlogon, "AutoAdminLogon", "1");
        SetText(winlogon, "DefaultUserName", "builder");
        SetText(winlogon, "DefaultPassword", BuilderPassword);

        // The first two bytes of a slot are the length of the user's name; the rest is sealed.
        byte[] logon = new byte[200];
        logon[0] = LogonNameLength;
        security.Create("Cache").SetValue("NL$1", 3, logon);
        security.Create("Cache").SetValue("NL$2", 3, new byte[logon.Length]);
    }

    internal static void PlantInMaster(NtfsVolume volume)
    {
        string answers = $"""
            <?xml version="1.0" encoding="utf-8"?>
            <unattend xmlns="urn:schemas-microsoft-com:unattend">
              <settings pass="oobeSystem">
                <component name="Microsoft-Windows-Shell-Setup">
                  <UserAccounts>
                    <AdministratorPassword><Value>{BuilderPassword}</Value><PlainText>true</PlainText></AdministratorPassword>
                  </UserAccounts>
                  <TimeZone>W. Europe Standard Time</TimeZone>
                </component>
              </settings>
            </unattend>
            """;
        GuestFolders.Write(volume, @"Windows\Panther\unattend.xml", Encoding.UTF8.GetBytes(answers));
        GuestFolders.Write(
            volume,
            @"Users\builder\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt",
            Encoding.UTF8.GetBytes($"net use Z: \\\\files\\setup /user:builder {BuilderPassword}\r\n"));
    }

    internal static void PlantShared(RegistryHive software, LabIdentity owner) =>
        SetText(software.Create(TrendMicroKey), "GUID", new Guid(owner.Bytes("trend-micro", 16)).ToString("D"));

    private static void SetText(RegistryKey key, string name, string text) => key.SetValue(name, 1, Encoding.Unicode.GetBytes(text + '\0'));
}
