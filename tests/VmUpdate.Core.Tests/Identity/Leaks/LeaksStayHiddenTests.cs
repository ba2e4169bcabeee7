using System.Collections;
using System.Reflection;
using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Leaks;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Leaks;

/// <summary>Plants secrets on a master, and looks for them in all that the scan, its report, the cleaner and the reader put out.</summary>
public sealed class LeaksStayHiddenTests : IDisposable
{
    private readonly LeakDisks _disks = new();
    private readonly SecretSearch _search = new();
    private readonly SealedMachine _machine = new("GOLD", 21);
    private readonly string _path;

    public LeaksStayHiddenTests()
    {
        byte[] account = _machine.Bytes(64);
        byte[] service = Plant("the service's password");
        _machine.Domain("corp.example", account, account).Secret("DefaultPassword", Plant("the logon's password")).Secret("_SC_Backup", service);
        _search.Add("the machine secret", account);
        _search.Add("the LSA key", _machine.LsaKey);
        _search.Add("the boot key", _machine.BootKey);
        byte[] winlogon = Plant("Winlogon's password");
        byte[] typed = Plant("the typed password");
        byte[] hostKey = Plant("the host key");
        _machine.Disk.Value("SOFTWARE", @"Microsoft\Windows NT\CurrentVersion\Winlogon", "DefaultPassword", WindowsDiskBuilder.Sz, winlogon)
            .Value("SOFTWARE", @"Wow6432Node\Sophos\Messaging System\Router\Private", "pkp", WindowsDiskBuilder.Sz, Plant("an agent's private key"));
        _machine.File(@"Users\b\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt", typed)
            .File(@"ProgramData\ssh\ssh_host_rsa_key", hostKey)
            .File(@"Windows\Panther\unattend.xml", Encoding.UTF8.GetBytes($"<u><Password>{PlantText("the answer file's password")}</Password></u>"))
            .File(@"ProgramData\Microsoft\Wlansvc\Profiles\Interfaces\{1}\{2}.xml", Plant("the Wi-Fi key"));
        _path = _disks.Add("master.vhdx", _machine.Disk);
    }

    public void Dispose() => _disks.Dispose();

    [Fact]
    public void No_secret_is_in_the_findings_the_report_or_what_the_reader_shows()
    {
        AuditResult result = _disks.Audit(_path, _disks.AddChild("PC1.vhdx", _path), _disks.AddChild("PC2.vhdx", _path));
        Assert.Equal(
            ["answer-file-passwords", "auto-logon", "builder-secrets", "console-history", "domain-trust", "openssh-host-keys", "sophos", "wifi-profiles"],
            result.Findings.Where(finding => finding.Kind == LeakKind.Leak).Select(finding => finding.Set).Order());
        AssertHidden(Everything(result));
        AssertHidden(LeakReport.Create(result, "x", WindowsDiskBuilder.Now));
        using VhdxDisk disk = VhdxDisk.Open(_path, new VhdxOpenOptions { Files = _disks.Files });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = "master" });
        AssertHidden(Everything(new IdentityReader(IdentityCatalogue.LoadBuiltIn()).Read(guest)));
    }

    [Fact]
    public void No_secret_is_in_what_the_cleaner_says_or_makes()
    {
        string clean = _disks.PathOf("clean.vhdx");
        AssertHidden(Everything(_disks.Cleaner().Plan(_path)));
        AssertHidden(Everything(_disks.Cleaner().Clean(_path, clean, progress: null, TestContext.Current.CancellationToken)));
        AssertHidden(File.ReadAllBytes(clean));
    }

    [Fact]
    public void The_fingerprint_of_a_secret_is_another_one_in_each_scan_and_that_of_an_id_is_not()
    {
        string Of(string set) => _disks.Audit(_path).Findings.Single(finding => finding.Set == set).Fingerprint;
        Assert.All(
            new[] { "auto-logon", "builder-secrets", "answer-file-passwords", "console-history", "openssh-host-keys" },
            set => Assert.NotEqual(Of(set), Of(set)));
        string id = _disks.Add("id.vhdx", new WindowsDiskBuilder("X").Value("SOFTWARE", @"Microsoft\SQMClient", "MachineId", "{1}"));
        Assert.Equal(_disks.Audit(id).Findings[0].Fingerprint, _disks.Audit(id).Findings[0].Fingerprint);
    }

    [Fact]
    public void No_secret_is_in_any_failure()
    {
        Action<SealedMachine>[] damages =
        [
            machine => machine.Disk.Hive("SYSTEM", hive => hive.Find(@"ControlSet001\Control\Lsa\JD")!.SetClassName("xyz")),
            machine => machine.Disk.Hive("SYSTEM", hive => hive.Find(@"ControlSet001\Control\Lsa")!.DeleteSubKey("GBG")),
            machine => machine.Disk.Hive("SECURITY", hive => hive.Find(@"Policy\Secrets\DefaultPassword\CurrVal")!.SetValue(string.Empty, 0, new byte[70])),
        ];
        int number = 0;
        foreach (Action<SealedMachine> damage in damages)
        {
            using var test = new LeaksStayHiddenTests();
            damage(test._machine);
            AuditResult result = test._disks.Audit(test._disks.Add($"damaged{number++}.vhdx", test._machine.Disk));
            Assert.Contains(result.Findings, finding => finding.Set == "builder-secrets");
            AssertHidden(Everything(result));
        }

        AuditResult broken = _disks.Audit(_disks.Add("broken.vhdx", new WindowsDiskBuilder("X").Hive("SYSTEM", hive => hive.Root.DeleteSubKey("Select"))));
        Assert.NotNull(Assert.Single(broken.Disks).Failure);
        AssertHidden(broken.Disks[0].Failure!.ToString());
    }

    [Fact]
    public void A_planted_leak_is_found_by_the_search()
    {
        AuditResult result = _disks.Audit(_path);
        byte[] leak = Plant("a leak");
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertHidden(Everything(result) + Convert.ToHexString(leak)));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertHidden(
            LeakReport.Create(result, Encoding.Unicode.GetString(leak).TrimEnd('\0'), WindowsDiskBuilder.Now)));
    }

    private byte[] Plant(string name) => Encoding.Unicode.GetBytes(PlantText(name) + '\0');

    private string PlantText(string name)
    {
        string text = Convert.ToHexString(_machine.Bytes(10));
        _search.Add(name, Encoding.ASCII.GetBytes(text));
        _search.Add(name + " in UTF-16", Encoding.Unicode.GetBytes(text));
        return text;
    }

    /// <summary>All public properties, as deep as they go, as text: byte rows in hexadecimal digits.</summary>
    private static string Everything(object? thing, int depth = 0) => thing switch
    {
        null => string.Empty,
        byte[] bytes => Convert.ToHexString(bytes),
        string text => text,
        Exception failure => failure.ToString(),
        IEnumerable many => string.Join('\n', many.Cast<object?>().Select(one => Everything(one, depth + 1))),
        _ when depth > 8 || thing.GetType().IsPrimitive || thing is Enum or DateTime or Guid or Type => thing.ToString()!,
        _ => thing + "\n" + string.Join('\n', thing.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetIndexParameters().Length == 0).Select(property => Everything(property.GetValue(thing), depth + 1))),
    };

    private void AssertHidden(string text) => Assert.Empty(_search.Find(text));

    private void AssertHidden(byte[] bytes) => Assert.Empty(_search.Find(bytes));
}
