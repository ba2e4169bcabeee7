using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Leaks;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Leaks;

public sealed class HostileDiskTests(ITestOutputHelper output)
{
    private const int Rounds = 60;
    private const int PageSize = 4096;

    [Fact]
    public void Whatever_is_on_a_disk_the_scan_and_the_cleaner_end_with_a_result_or_a_refusal()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        MemoryDisk sound = Disk();
        List<long> used = [.. UsedPages(sound)];
        using var fingerprint = new SecretFingerprint(SystemSalt.Fill);
        int looked = 0;
        for (int round = 0; round < Rounds; round++)
        {
            MemoryDisk disk = sound.Clone();
            for (int damage = random.Next(1, 20); damage > 0; damage--)
            {
                byte[] bytes = new byte[random.Next(1, 9)];
                random.NextBytes(bytes);
                disk.WriteAt(used[random.Next(used.Count)] + random.Next(PageSize - bytes.Length), bytes);
            }

            try
            {
                using GuestDisk guest = GuestDisk.Open(
                    disk, new GuestDiskOptions { Subject = "hostile", Writable = true, UtcNow = () => WindowsDiskBuilder.Now });
                _ = new DiskScanner(IdentityCatalogue.LoadBuiltIn(), fingerprint).Scan(guest);
                looked++;
                var stripper = new MasterStripper(guest);
                foreach (IdentitySet set in IdentityCatalogue.LoadBuiltIn().Sets)
                {
                    _ = stripper.Strip(set);
                }

                stripper.WipeHives();
                _ = CleanerTraces.Read(guest);
                guest.Commit();
                guest.Volume.CopyTo(new MemoryDisk(disk.Length), progress: null, TestContext.Current.CancellationToken);
            }
            catch (VmUpdateException refusal)
            {
                Assert.NotEmpty(refusal.Message);
            }
        }

        Assert.True(looked > Rounds / 10, $"only {looked} of {Rounds} disks could be looked at: the damage is too great to test anything");
    }

    private static MemoryDisk Disk()
    {
        var machine = new SealedMachine("GOLD", 31);
        machine.Secret("DefaultPassword", Encoding.Unicode.GetBytes("secret")).Secret("_SC_Backup", Encoding.Unicode.GetBytes("secret"));
        return machine.ConfigMgr("GUID:1", Guid.Empty).Disk
            .Value("SOFTWARE", @"Microsoft\Windows\CurrentVersion\WindowsUpdate", "SusClientId", "1")
            .Value("SOFTWARE", @"Microsoft\Windows NT\CurrentVersion\Winlogon", "DefaultPassword", "secret")
            .File(@"Windows\Panther\unattend.xml", "<u><Password><Value>secret</Value></Password></u>")
            .File(@"Users\b\.ssh\id_rsa", "PRIVATE KEY-----")
            .Build();
    }

    private static IEnumerable<long> UsedPages(MemoryDisk disk)
    {
        byte[] page = new byte[PageSize];
        for (long at = 0; at < disk.Length; at += PageSize)
        {
            disk.ReadAt(at, page);
            if (page.AsSpan().IndexOfAnyExcept((byte)0) >= 0 && page.AsSpan().IndexOfAnyExcept((byte)0xFF) >= 0)
            {
                yield return at;
            }
        }
    }
}
