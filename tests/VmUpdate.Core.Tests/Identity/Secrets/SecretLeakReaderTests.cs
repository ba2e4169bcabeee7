using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

public sealed class SecretLeakReaderTests
{
    private const string Winlogon = @"Microsoft\Windows NT\CurrentVersion\Winlogon";
    private const string Password = "Builder's pass-phrase 17";

    [Fact]
    public void Each_planted_secret_is_found_once_and_none_is_shown()
    {
        using GuestDisk disk = SwapOfIdentity.Open(Leaky(1).Disk.Build(), "master");
        using var fingerprint = new SecretFingerprint(SystemSalt.Fill);

        IReadOnlyList<SecretLeak> leaks = SecretLeakReader.Read(disk, fingerprint);

        Assert.Equal(
            [
                SecretLeakKind.LsaDefaultPassword, SecretLeakKind.ServicePassword, SecretLeakKind.CachedLogons,
                SecretLeakKind.AutoAdminLogon, SecretLeakKind.WinlogonDefaultPassword, SecretLeakKind.MachineAccount,
            ],
            leaks.Select(leak => leak.Kind).Order());
        Assert.Equal(2, leaks.Single(leak => leak.Kind == SecretLeakKind.CachedLogons).Count);
        Assert.Contains(leaks, leak => leak.Place == @"Policy\Secrets\_SC_Backup");
        var search = new SecretSearch();
        search.Add("password", Encoding.Unicode.GetBytes(Password));
        search.Add("password in ASCII", Encoding.ASCII.GetBytes(Password));
        Assert.Empty(search.Find(string.Join("\n", leaks)));
    }

    [Fact]
    public void Equal_secrets_have_equal_fingerprints_in_one_scan_and_others_in_the_next()
    {
        using GuestDisk one = SwapOfIdentity.Open(Leaky(1).Disk.Build(), "one");
        using GuestDisk two = SwapOfIdentity.Open(Leaky(2).Disk.Build(), "two");
        using var scan = new SecretFingerprint(SystemSalt.Fill);
        using var next = new SecretFingerprint(SystemSalt.Fill);

        Assert.Equal(Of(one, SecretLeakKind.ServicePassword, scan), Of(two, SecretLeakKind.ServicePassword, scan));
        Assert.Equal(Of(one, SecretLeakKind.LsaDefaultPassword, scan), Of(two, SecretLeakKind.WinlogonDefaultPassword, scan));
        Assert.NotEqual(Of(one, SecretLeakKind.ServicePassword, scan), Of(one, SecretLeakKind.MachineAccount, scan));
        Assert.NotEqual(Of(one, SecretLeakKind.ServicePassword, scan), Of(one, SecretLeakKind.ServicePassword, next));
    }

    [Fact]
    public void A_secret_that_does_not_open_is_a_finding_all_the_same()
    {
        SealedMachine machine = Leaky(1);
        machine.Disk.Hive("SYSTEM", hive => hive.Find(@"ControlSet001\Control\Lsa\JD")!.SetClassName("00000000"));
        using GuestDisk disk = SwapOfIdentity.Open(machine.Disk.Build(), "master");
        using var fingerprint = new SecretFingerprint(SystemSalt.Fill);

        IReadOnlyList<SecretLeak> leaks = SecretLeakReader.Read(disk, fingerprint);

        Assert.Equal(6, leaks.Count);
        Assert.Equal(string.Empty, leaks.Single(leak => leak.Kind == SecretLeakKind.ServicePassword).Fingerprint);
    }

    [Fact]
    public void What_is_empty_or_switched_off_is_no_leak()
    {
        var machine = new SealedMachine("MASTER", 1);
        machine.Secret("DefaultPassword", []);
        machine.Disk.Value("SOFTWARE", Winlogon, "AutoAdminLogon", "0").Value("SOFTWARE", Winlogon, "DefaultPassword", string.Empty);
        machine.Disk.Value("SECURITY", "Cache", "NL$1", WindowsDiskBuilder.Binary, new byte[168]);
        machine.Disk.Value("SECURITY", "Cache", "NL$Control", WindowsDiskBuilder.Binary, [4, 0, 1, 0, 10, 0, 0, 0]);
        using GuestDisk disk = SwapOfIdentity.Open(machine.Disk.Build(), "master");
        using var fingerprint = new SecretFingerprint(SystemSalt.Fill);

        Assert.Empty(SecretLeakReader.Read(disk, fingerprint));
    }

    private static SealedMachine Leaky(int seed)
    {
        SealedMachine machine = new SealedMachine("MASTER", seed)
            .Secret("DefaultPassword", Encoding.Unicode.GetBytes(Password))
            .Secret("_SC_Backup", Encoding.Unicode.GetBytes("Service pass-phrase 18"))
            .Secret("$MACHINE.ACC", Encoding.Unicode.GetBytes("a machine's own secret"))
            .Secret("NL$KM", new byte[64]);
        byte[] logon = new byte[168];
        logon[0] = 12;
        machine.Disk.Value("SOFTWARE", Winlogon, "AutoAdminLogon", "1").Value("SOFTWARE", Winlogon, "DefaultPassword", Password);
        machine.Disk.Value("SECURITY", "Cache", "NL$1", WindowsDiskBuilder.Binary, logon);
        machine.Disk.Value("SECURITY", "Cache", "NL$2", WindowsDiskBuilder.Binary, logon);
        machine.Disk.Value("SECURITY", "Cache", "NL$3", WindowsDiskBuilder.Binary, new byte[168]);
        return machine;
    }

    private static string Of(GuestDisk disk, SecretLeakKind kind, SecretFingerprint fingerprint) =>
        SecretLeakReader.Read(disk, fingerprint).Single(leak => leak.Kind == kind).Fingerprint;
}
