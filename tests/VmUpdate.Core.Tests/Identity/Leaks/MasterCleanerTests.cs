using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Leaks;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Leaks;

public sealed class MasterCleanerTests : IDisposable
{
    private const string Secret = "The-Builders-Pass-Phrase";
    private const string Winlogon = @"Microsoft\Windows NT\CurrentVersion\Winlogon";
    private readonly LeakDisks _disks = new();
    private readonly SecretSearch _search = new();

    public MasterCleanerTests()
    {
        _search.Add("in ASCII", Encoding.ASCII.GetBytes(Secret));
        _search.Add("in UTF-16", Encoding.Unicode.GetBytes(Secret));
    }

    public void Dispose() => _disks.Dispose();

    [Fact]
    public void What_was_taken_and_what_had_been_deleted_before_is_nowhere_in_the_new_file()
    {
        string master = Master("master.vhdx");
        byte[] before = File.ReadAllBytes(master);
        Assert.NotEmpty(_search.Find(before));
        string clean = _disks.PathOf("clean.vhdx");
        CleanResult result = _disks.Cleaner().Clean(master, clean, progress: null, TestContext.Current.CancellationToken);

        Assert.Empty(_search.Find(File.ReadAllBytes(clean)));
        Assert.Equal(before, File.ReadAllBytes(master));
        Assert.Equal(
            ["answer-file-passwords", "auto-logon", "builder-secrets", "console-history", "windows-update"],
            result.Items.Select(item => item.Set).Distinct().Order());
        Assert.Equal(CleanAction.Blanked, Assert.Single(result.Items, item => item.Set == "answer-file-passwords").Action);
        Assert.Empty(_disks.Audit(clean).Findings);
    }

    [Fact]
    public void The_rest_of_the_disk_is_what_it_was()
    {
        string master = Master("master.vhdx");
        string clean = _disks.PathOf("clean.vhdx");
        _disks.Cleaner().Clean(master, clean, progress: null, TestContext.Current.CancellationToken);
        using VhdxDisk disk = VhdxDisk.Open(clean, new VhdxOpenOptions { Files = _disks.Files });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = "clean" });

        Assert.Equal("kept", Read(guest, @"Users\builder\kept.txt"));
        string answers = Read(guest, @"Windows\Panther\unattend.xml");
        Assert.Contains("<TimeZone>UTC</TimeZone>", answers, StringComparison.Ordinal);
        Assert.Contains("<Value>*SENSITIVE*DATA*DELETED*</Value>", answers, StringComparison.Ordinal);
        Assert.Equal("builder", GuestDisk.TextOf(guest.OpenHive(HiveName.Software).Find(Winlogon)!.FindValue("DefaultUserName")!));
        Assert.NotNull(guest.OpenHive(HiveName.Security).Find(@"Policy\Secrets\DPAPI_SYSTEM"));
        Assert.Single(disk.Chain);
        Assert.Equal(0, guest.Volume.Find(GuestPath.Parse(@"Windows\System32\config\SOFTWARE.LOG1"))!.Length);
    }

    [Fact]
    public void A_second_cleaning_takes_nothing()
    {
        string clean = _disks.PathOf("clean.vhdx");
        _disks.Cleaner().Clean(Master("master.vhdx"), clean, progress: null, TestContext.Current.CancellationToken);
        Assert.Empty(_disks.Cleaner().Plan(clean).Items);
        Assert.Empty(_disks.Cleaner().Clean(clean, _disks.PathOf("again.vhdx"), progress: null, TestContext.Current.CancellationToken).Items);
    }

    [Fact]
    public void A_child_becomes_a_master_that_needs_no_parent()
    {
        string child = _disks.AddChild("child.vhdx", Master("master.vhdx"));
        string clean = _disks.PathOf("clean.vhdx");
        _disks.Cleaner().Clean(child, clean, progress: null, TestContext.Current.CancellationToken);
        File.Delete(_disks.PathOf("master.vhdx"));
        Assert.Empty(_search.Find(File.ReadAllBytes(clean)));
        Assert.Empty(_disks.Audit(clean).Findings);
    }

    [Fact]
    public void Sets_that_were_left_out_stay()
    {
        string clean = _disks.PathOf("clean.vhdx");
        CleanResult result = _disks.Cleaner("auto-logon").Clean(Master("master.vhdx"), clean, progress: null, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(result.Items, item => item.Set == "auto-logon");
        Assert.Equal(["auto-logon"], _disks.Audit(clean).Findings.Select(finding => finding.Set));
    }

    [Fact]
    public void A_file_that_exists_is_refused_and_stays_and_a_plan_writes_nothing()
    {
        string master = Master("master.vhdx");
        string taken = _disks.PathOf("taken.vhdx");
        File.WriteAllText(taken, "mine");
        VmUpdateException refused = Assert.ThrowsAny<VmUpdateException>(
            () => _disks.Cleaner().Clean(master, taken, progress: null, TestContext.Current.CancellationToken));
        Assert.Equal("HostFileAlreadyExists", refused.Code);
        Assert.Equal("mine", File.ReadAllText(taken));
        string[] before = Directory.GetFiles(Path.GetDirectoryName(master)!);
        Assert.NotEmpty(_disks.Cleaner().Plan(master).Items);
        Assert.Equal(before, Directory.GetFiles(Path.GetDirectoryName(master)!));
    }

    [Fact]
    public void How_far_the_copy_is_is_told_once_for_each_percent_up_to_a_hundred()
    {
        var told = new List<int>();
        _disks.Cleaner().Clean(Master("master.vhdx"), _disks.PathOf("clean.vhdx"), told.Add, TestContext.Current.CancellationToken);
        Assert.Equal(told.Distinct().Order(), told);
        Assert.True(told.Count > 2, string.Join(' ', told));
        Assert.Equal((0, 100), (told[0], told[^1]));
    }

    [Fact]
    public void A_cleaning_that_ends_in_the_midst_of_the_copy_leaves_no_file()
    {
        string clean = _disks.PathOf("clean.vhdx");
        using var ended = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => _disks.Cleaner().Clean(Master("master.vhdx"), clean, _ => ended.Cancel(), ended.Token));
        Assert.False(File.Exists(clean));
    }

    [Fact]
    public void A_cleaning_that_ends_early_leaves_no_file()
    {
        string master = Master("master.vhdx");
        string clean = _disks.PathOf("clean.vhdx");
        using var ended = new CancellationTokenSource();
        ended.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => _disks.Cleaner().Clean(master, clean, progress: null, ended.Token));
        Assert.False(File.Exists(clean));
    }

    [Fact]
    public void A_volume_with_shadow_copies_is_refused()
    {
        string master = _disks.Add("master.vhdx", new WindowsDiskBuilder("GOLD")
            .File(@"System Volume Information\{11111111-2222-3333-4444-555555555555}{3808876b-c176-4e48-b7ae-04046e6cc752}", "older states"));
        VmUpdateException refused = Assert.ThrowsAny<VmUpdateException>(() => _disks.Cleaner().Plan(master));
        Assert.Equal("IdentityMasterHasSnapshots", refused.Code);
    }

    [Fact]
    public void Traces_of_other_tools_are_told_and_not_touched()
    {
        string master = _disks.Add("master.vhdx", new WindowsDiskBuilder("GOLD")
            .Value("SOFTWARE", @"Login Consultants\BISF", "LIC_BISF_PrepState", "Finished")
            .Value("SYSTEM", @"Setup\Status\SysprepStatus", "GeneralizationState", WindowsDiskBuilder.Dword, BitConverter.GetBytes(7)));
        CleanResult plan = _disks.Cleaner().Plan(master);
        Assert.Empty(plan.Items);
        Assert.Equal(2, plan.Traces.Count);
        Assert.Contains(plan.Traces, trace => trace.Contains("BIS-F", StringComparison.Ordinal) && trace.Contains("Finished", StringComparison.Ordinal));
        Assert.Contains(plan.Traces, trace => trace.StartsWith("Sysprep", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Kind", "Judge")]
    public void The_judges_accept_the_new_file()
    {
        Judges.Require("qemu-img");
        string clean = _disks.PathOf("clean.vhdx");
        _disks.Cleaner().Clean(Master("master.vhdx"), clean, progress: null, TestContext.Current.CancellationToken);
        (int code, string output) = Judges.Run("qemu-img", "check", clean);
        Assert.True(code == 0, output);
        string raw = _disks.PathOf("clean.raw");
        (code, output) = Judges.Run("qemu-img", "convert", "-O", "raw", clean, raw);
        Assert.True(code == 0, output);
        Judges.Require("ntfsfix");
        (code, output) = Judges.Run(File.Exists("/usr/sbin/ntfsfix") ? "/usr/sbin/ntfsfix" : "ntfsfix", "-n", raw);
        Assert.True(code == 0, output);
    }

    /// <summary>A master with the secret in files, in hives, in what was deleted from both, in a hive's log.</summary>
    private string Master(string name)
    {
        var machine = new SealedMachine("GOLD", 3);
        byte[] utf16 = Encoding.Unicode.GetBytes(Secret + '\0');
        machine.Secret("DefaultPassword", Encoding.Unicode.GetBytes("sealed, so not to be searched for"));
        WindowsDiskBuilder disk = machine.Disk
            .Value("SOFTWARE", @"Microsoft\Windows\CurrentVersion\WindowsUpdate", "SusClientId", "1111")
            .Value("SOFTWARE", Winlogon, "DefaultPassword", Secret)
            .Value("SOFTWARE", Winlogon, "DefaultUserName", "builder")
            .Value("SOFTWARE", Winlogon, "AutoAdminLogon", "1")
            .File(@"Windows\Panther\unattend.xml", $"<unattend><TimeZone>UTC</TimeZone><AdministratorPassword><Value>{Secret}</Value></AdministratorPassword></unattend>")
            .File(@"Users\builder\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt", $"net use /user:x {Secret}")
            .File(@"Users\builder\kept.txt", "kept")
            .File(@"Windows\System32\config\SOFTWARE.LOG1", string.Empty)
            .File("small.txt", Secret)
            .File("large.txt", string.Concat(Enumerable.Repeat(Secret, 5000)))
            .Volume(volume =>
            {
                using (IBlockFile log = volume.OpenStream(GuestPath.Parse(@"Windows\System32\config\SOFTWARE.LOG1"), writable: true))
                {
                    log.WriteAt(0, [.. new byte[8192], .. utf16, .. new byte[5000]]);
                }

                LeaveInFreeCell(volume);
                volume.Flush();
                volume.Delete(GuestPath.Parse("small.txt"));
                volume.Delete(GuestPath.Parse("large.txt"));
            });
        return _disks.Add(name, disk);
    }

    // As other writers leave it: a cell was marked free, and what it held stays in it.
    private static void LeaveInFreeCell(NtfsVolume volume)
    {
        using IBlockFile hive = volume.OpenStream(GuestPath.Parse(@"Windows\System32\config\SOFTWARE"), writable: true);
        byte[] bytes = new byte[hive.Length];
        hive.ReadAt(0, bytes);
        for (int cell = 4096 + 32; ; cell += Math.Abs(BitConverter.ToInt32(bytes, cell)))
        {
            if (BitConverter.ToInt32(bytes, cell) > 200)
            {
                hive.WriteAt(cell + 40, Encoding.Unicode.GetBytes(Secret));
                return;
            }
        }
    }

    private static string Read(GuestDisk guest, string path)
    {
        using IBlockFile file = guest.Volume.OpenStream(GuestPath.Parse(path));
        byte[] bytes = new byte[file.Length];
        file.ReadAt(0, bytes);
        return Encoding.UTF8.GetString(bytes);
    }
}
