using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Leaks;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Leaks;

public sealed class IdentityAuditTests : IDisposable
{
    private const string Update = @"Microsoft\Windows\CurrentVersion\WindowsUpdate";
    private const string Profile = @"Users\builder\AppData\Roaming\Microsoft\";
    private readonly LeakDisks _disks = new();

    /// <summary>What is planted on a master that leaks nothing else, and the set that must be found; none where nothing may be.</summary>
    public static TheoryData<string, string> Planted => new()
    {
        { "nothing", "" },
        { "SusClientId", "windows-update" },
        { "senseGuid", "defender-for-endpoint" },
        { "configmgr", "configmgr" },
        { "ssh host key", "openssh-host-keys" },
        { "answer file with a password", "answer-file-passwords" },
        { "answer file that was used", "" },
        { "history", "console-history" },
        { "empty history", "" },
        { "autologon", "auto-logon" },
        { "autologon off", "" },
        { "cached logon", "cached-logons" },
        { "empty cache", "" },
        { "wifi", "wifi-profiles" },
        { "task credentials", "task-credentials" },
        { "MachineGuid", "" },
        { "service password", "builder-secrets" },
        { "empty service password", "" },
        { "user credential", "user-credentials" },
        { "user credential of Windows' own", "" },
        { "ssh private key", "user-ssh-keys" },
        { "ssh public key", "" },
        { "token", "developer-credentials" },
        { "hive backup", "hive-backups" },
        { "empty hive backup", "" },
        { "memory dump", "memory-dumps" },
        { "page file", "page-files" },
    };

    public void Dispose() => _disks.Dispose();

    [Theory]
    [MemberData(nameof(Planted))]
    public void A_master_leaks_what_was_planted_on_it_and_nothing_else(string what, string set)
    {
        AuditResult result = _disks.Audit(_disks.Add("master.vhdx", Plant(new WindowsDiskBuilder("GOLD"), what)));
        Assert.Equal(set.Length == 0 ? [] : [set], result.Findings.Select(finding => finding.Set));
        foreach (LeakFinding finding in result.Findings)
        {
            Assert.Equal(LeakKind.Leak, finding.Kind);
            Assert.Equal("master", Assert.Single(finding.Disks).Name);
            Assert.NotEmpty(finding.Breaks);
            Assert.NotEmpty(finding.Remedy);
            Assert.NotEmpty(finding.Places);
        }
    }

    [Fact]
    public void The_same_disk_looked_at_as_a_machine_leaks_nothing()
    {
        string path = _disks.Add("desk.vhdx", Plant(new WindowsDiskBuilder("DESK"), "SusClientId"));
        Assert.Empty(_disks.Audit(DiskRole.Machine, path).Findings);
        Assert.Single(_disks.Audit(path).Findings);
    }

    [Fact]
    public void Secrets_that_are_sealed_are_found_and_told_apart_by_what_they_are()
    {
        var first = new SealedMachine("A", 1);
        var second = new SealedMachine("B", 2, machineSid: 8);
        byte[] same = Encoding.Unicode.GetBytes("the same secret");
        first.Secret("$MACHINE.ACC", same, same).Secret("DefaultPassword", same, same);
        second.Secret("$MACHINE.ACC", same, same);
        string[] paths = [_disks.Add("a.vhdx", first.Disk), _disks.Add("b.vhdx", second.Disk)];

        LeakFinding shared = Assert.Single(_disks.Audit(DiskRole.Machine, paths).Findings);
        Assert.Equal((LeakKind.Duplicate, "domain-trust"), (shared.Kind, shared.Set));
        Assert.Equal(["builder-secrets", "domain-trust"], _disks.Audit(DiskRole.Master, paths[0]).Findings.Select(finding => finding.Set).Order());
    }

    [Fact]
    public void An_id_that_two_children_have_from_their_master_is_one_finding_that_names_it()
    {
        string master = _disks.Add("gold.vhdx", Plant(new WindowsDiskBuilder("GOLD"), "SusClientId"));
        string[] children = [.. new[] { "PC1", "PC2", "PC3" }.Select(name => _disks.AddChild(name + ".vhdx", master, guest => Rename(guest, name)))];
        IReadOnlyList<LeakFinding> findings = _disks.Audit(children).Findings;

        LeakFinding leak = Assert.Single(findings, finding => finding is { Kind: LeakKind.Leak, Set: "windows-update" });
        LeakFinding shared = Assert.Single(findings, finding => finding is { Kind: LeakKind.Duplicate, Set: "windows-update" });
        Assert.Equal("gold.vhdx", Assert.Single(leak.Disks).Name);
        Assert.Equal(["PC1", "PC2", "PC3"], shared.Disks.Select(disk => disk.Name));
        Assert.Equal(master, shared.Source?.Path);
        LeakFinding sid = Assert.Single(findings, finding => finding.Set == "machine-sid");
        Assert.Equal((LeakKind.Duplicate, Severity.Warning, 3), (sid.Kind, sid.Severity, sid.Disks.Count));
        Assert.Equal(3, findings.Count);
    }

    [Fact]
    public void A_child_that_has_what_its_own_master_has_is_no_finding()
    {
        string master = _disks.Add("gold.vhdx", Plant(new WindowsDiskBuilder("GOLD"), "MachineGuid"));
        string middle = _disks.AddChild("middle.vhdx", master);
        Assert.Empty(_disks.Audit(master, middle, _disks.AddChild("PC1.vhdx", middle)).Findings);
    }

    [Theory]
    [InlineData("19045", Severity.Warning)]
    [InlineData("26100", Severity.Error)]
    public void A_shared_machine_SID_is_said_once_and_is_grave_where_Windows_refuses_it(string build, Severity severity)
    {
        string master = _disks.Add("gold.vhdx", new WindowsDiskBuilder("GOLD").Value("SOFTWARE", @"Microsoft\Windows NT\CurrentVersion", "CurrentBuildNumber", build));
        string[] children = [.. Enumerable.Range(1, 5).Select(i => _disks.AddChild($"PC{i}.vhdx", master, guest => Rename(guest, $"PC{i}")))];
        LeakFinding sid = Assert.Single(_disks.Audit(children).Findings);
        Assert.Equal(("machine-sid", severity, 5), (sid.Set, sid.Severity, sid.Disks.Count));
        Assert.Equal("S-1-5-21-7-2-3", sid.Value);
    }

    [Fact]
    public void An_id_is_the_same_in_other_letters_and_a_ConfigMgr_client_by_its_id_alone()
    {
        string one = _disks.Add("one.vhdx", new WindowsDiskBuilder("ONE", machineSid: 1)
            .Value("SOFTWARE", Update, "SusClientId", "ABCDEF00-0000-0000-0000-000000000001")
            .File(@"Windows\SMSCFG.INI", "[Configuration]\r\nSMS Unique Identifier=GUID:1\r\nLast=1\r\n"));
        string two = _disks.Add("two.vhdx", new WindowsDiskBuilder("TWO", machineSid: 2)
            .Value("SOFTWARE", Update, "SusClientId", "abcdef00-0000-0000-0000-000000000001")
            .File(@"Windows\SMSCFG.INI", "[Configuration]\r\nSMS Unique Identifier=GUID:1\r\nLast=2222\r\n"));
        Assert.Equal(["configmgr", "windows-update"], _disks.Audit(DiskRole.Machine, one, two).Findings.Select(finding => finding.Set).Order());
    }

    [Fact]
    public void Older_disks_of_a_machine_beside_its_present_one_are_not_compared()
    {
        WindowsDiskBuilder Machine(string name) => Plant(new WindowsDiskBuilder(name, machineSid: name == "PC1" ? 1u : 2u), "SusClientId");
        string[] revisions = [_disks.Add("PC1.r1.vhdx", Machine("PC1")), _disks.Add("PC1.r2.0011aabb.vhdx", Machine("PC1"))];
        AuditResult alone = _disks.Audit(DiskRole.Machine, revisions);
        Assert.Empty(alone.Findings);
        Assert.Equal([true, false], alone.Disks.Select(disk => disk.IsSuperseded));

        LeakFinding shared = Assert.Single(_disks.Audit(DiskRole.Machine, [.. revisions, _disks.Add("PC2.vhdx", Machine("PC2"))]).Findings);
        Assert.Equal(["PC1.r2.0011aabb", "PC2"], shared.Disks.Select(disk => disk.Name));
    }

    [Fact]
    public void A_disk_that_cannot_be_looked_at_is_told_and_spares_the_others()
    {
        string good = _disks.Add("good.vhdx", Plant(new WindowsDiskBuilder("GOLD"), "SusClientId"));
        string data = _disks.Add("data.vhdx", new MemoryDisk(8 << 20));
        string orphan = _disks.AddChild("orphan.vhdx", _disks.Add("lost.vhdx", new WindowsDiskBuilder("LOST")));
        File.Delete(_disks.PathOf("lost.vhdx"));
        AuditResult result = _disks.Audit(data, orphan, _disks.PathOf("none.vhdx"), good, good);
        Assert.Single(result.Findings);
        Assert.Equal(
            ["DiskParentNotFound", "HostFileNotFound", "IdentityNoWindowsFolder"],
            result.Disks.Where(disk => disk.Failure is not null).Select(disk => disk.Failure!.Code).Order());
    }

    [Fact]
    public void Children_of_one_master_read_of_it_little_more_than_it_is_read_alone()
    {
        string master = _disks.Add("gold.vhdx", Plant(new WindowsDiskBuilder("GOLD"), "SusClientId"));
        string[] children = [.. Enumerable.Range(1, 20).Select(i => _disks.AddChild($"PC{i}.vhdx", master, guest => Rename(guest, $"PC{i}")))];
        long alone = BytesReadOf(master, [master]);
        long together = BytesReadOf(master, children);
        Assert.InRange(together, 1, alone * 12 / 10);
    }

    private long BytesReadOf(string path, string[] targets)
    {
        _disks.Files.Reset();
        _disks.Audit(targets);
        return _disks.Files.BytesReadOf(path);
    }

    private static void Rename(GuestDisk guest, string name)
    {
        RegistryKey key = guest.OpenHive(HiveName.System).Find(@"ControlSet001\Control\ComputerName\ComputerName")!;
        key.SetValue("ComputerName", WindowsDiskBuilder.Sz, Encoding.Unicode.GetBytes(name + '\0'));
    }

    private static WindowsDiskBuilder Plant(WindowsDiskBuilder disk, string what) => what switch
    {
        "SusClientId" => disk.Value("SOFTWARE", Update, "SusClientId", "11111111-2222-3333-4444-555555555555"),
        "senseGuid" => disk.Value("SOFTWARE", @"Microsoft\Windows Advanced Threat Protection", "senseGuid", "1234"),
        "configmgr" => disk.File(@"Windows\SMSCFG.INI", "SMS Unique Identifier=GUID:1"),
        "ssh host key" => disk.File(@"ProgramData\ssh\ssh_host_rsa_key", "-----BEGIN"),
        "answer file with a password" => disk.File(@"Windows\Panther\unattend.xml", "<unattend><AutoLogon><Password><Value>x1</Value></Password></AutoLogon></unattend>"),
        "answer file that was used" => disk.File(@"Windows\Panther\unattend.xml", "<unattend><Password><Value>*SENSITIVE*DATA*DELETED*</Value></Password></unattend>"),
        "history" => disk.File(Profile + @"Windows\PowerShell\PSReadLine\ConsoleHost_history.txt", "cmdkey /pass:x"),
        "empty history" => disk.File(Profile + @"Windows\PowerShell\PSReadLine\ConsoleHost_history.txt", ""),
        "autologon" => disk.Value("SOFTWARE", @"Microsoft\Windows NT\CurrentVersion\Winlogon", "AutoAdminLogon", "1"),
        "autologon off" => disk.Value("SOFTWARE", @"Microsoft\Windows NT\CurrentVersion\Winlogon", "AutoAdminLogon", "0"),
        "cached logon" => disk.Value("SECURITY", "Cache", "NL$1", WindowsDiskBuilder.Binary, [8, 0, .. new byte[94]]),
        "empty cache" => disk.Value("SECURITY", "Cache", "NL$1", WindowsDiskBuilder.Binary, new byte[96]),
        "wifi" => disk.File(@"ProgramData\Microsoft\Wlansvc\Profiles\Interfaces\{1}\{2}.xml", "<WLANProfile><keyMaterial>x</keyMaterial></WLANProfile>"),
        "task credentials" => disk.File(@"Windows\System32\config\systemprofile\AppData\Local\Microsoft\Credentials\ABC", "blob"),
        "MachineGuid" => disk.Value("SOFTWARE", @"Microsoft\Cryptography", "MachineGuid", "99999999-2222-3333-4444-555555555555"),
        "service password" => Sealed("_SC_Backup", "x"),
        "empty service password" => Sealed("_SC_Backup", string.Empty),
        "user credential" => disk.File(@"Users\b\AppData\Roaming\Microsoft\Credentials\AB12", "blob"),
        "user credential of Windows' own" => disk.File(@"Users\b\AppData\Local\Microsoft\Credentials\DFBE70A7E5CC19A398EBF1B96859CE5D", "blob"),
        "ssh private key" => disk.File(@"Users\b\.ssh\id_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----"),
        "ssh public key" => disk.File(@"Users\b\.ssh\id_rsa.pub", "ssh-rsa AAAA").File(@"Users\b\.ssh\known_hosts", "host"),
        "token" => disk.File(@"Users\b\.git-credentials", "https://b:x@host"),
        "hive backup" => disk.File(@"Windows\System32\config\RegBack\SECURITY", "regf"),
        "empty hive backup" => disk.File(@"Windows\System32\config\RegBack\SECURITY", ""),
        "memory dump" => disk.File(@"Windows\MEMORY.DMP", "PAGEDU64"),
        "page file" => disk.File("pagefile.sys", "memory"),
        _ => disk,
    };

    private static WindowsDiskBuilder Sealed(string name, string secret)
    {
        var machine = new SealedMachine("GOLD", 5);
        return machine.Secret(name, Encoding.Unicode.GetBytes(secret)).Disk;
    }
}
