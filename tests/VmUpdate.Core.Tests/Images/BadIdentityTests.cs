using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

/// <summary>Disks whose identity is broken or cannot be kept: one clear error, and the machine is on its old disk as it was found.</summary>
public sealed class BadIdentityTests
{
    private const string MasterGuidFree = @"ProgramData\Microsoft\Crypto\Keys\0123_";

    public static TheoryData<string, string, bool> Cases
    {
        get
        {
            (string Kind, string Id)[] kinds =
            [
                ("no control set", "IdentityHiveIncomplete"),
                ("control set that is not there", "IdentityHiveIncomplete"),
                ("no computer name", "IdentityEssentialSetNotCarried"),
                ("guid that is none", "IdentityHiveIncomplete"),
                ("sam without accounts", "IdentityHiveIncomplete"),
                ("master's sam without accounts", "IdentityHiveIncomplete"),
                ("two windows folders", "IdentitySeveralWindowsFolders"),
                ("no software hive", "IdentityNoWindowsFolder"),
                ("hive that is text", "DiskWrongFormat"),
                ("container whose name is taken", "IdentityNameClash"),
                ("static address", "IdentityStaticAddress"),
                ("another's identity", "IdentityManagedByOther"),
                ("master that would share its SID", "IdentitySharedMachineSid"),
            ];
            var cases = new TheoryData<string, string, bool>();
            foreach ((string kind, string id) in kinds)
            {
                // A running machine's disk is read only when it was stopped: the later of the two ends.
                cases.Add(kind, id, true);
            }

            cases.Add("sam without accounts", "IdentityHiveIncomplete", false);
            cases.Add("container whose name is taken", "IdentityNameClash", false);

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_swap_ends_before_the_disk_is_switched(string kind, string id, bool isRunning)
    {
        using SwapWorld world = await SwapWorld.CreateAsync();
        string disk = await world.BootPathAsync();
        Spoil(kind, disk, world.V2);
        if (isRunning)
        {
            await world.Lab.SetStateAsync(world.Vm, VmPowerState.Running, CancellationToken.None);
        }

        Dictionary<string, string> before = world.HashDisks();
        PooledVmUpdateResult result = await world.UpdateAsync(world.V2);

        Assert.Equal(id, result.ErrorId);
        Assert.NotEqual(PooledVmUpdateState.Updated, result.State);
        Assert.Equal(disk, await world.BootPathAsync());
        Assert.Equal(isRunning ? VmPowerState.Running : VmPowerState.Off, await world.StateAsync());
        Assert.Equal(before, world.HashDisks());
        Assert.DoesNotContain(world.Calls, call => call.Operation == "SwitchDisk");
    }

    [Fact]
    public async Task A_catalogue_of_the_callers_counts_in_his_call()
    {
        using SwapWorld world = await SwapWorld.CreateAsync();
        Change(await world.BootPathAsync(), guest => guest.OpenHive(HiveName.Software).Create("Contoso").SetValue("Id", 1, "i\0d\0"u8.ToArray()));
        byte[] set = Encoding.UTF8.GetBytes("""
            { "set": "contoso", "title": "Contoso", "reason": "Ours.", "old": "carry", "master": "strip", "certainty": "R", "source": "us",
              "items": [ { "kind": "registry-value", "hive": "SOFTWARE", "key": "Contoso", "value": "Id" } ] }
            """);

        PooledVmUpdateResult result = await world.UpdateAsync(world.V2, new SwapOptions { Catalogue = IdentityCatalogue.Load([("contoso.json", set)]) });

        Assert.Contains("contoso", result.SetsCarried);
        using VhdxDisk disk = VhdxDisk.Open(result.DiskPath, new VhdxOpenOptions { Files = new HostFileSystem() });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = "result" });
        Assert.NotNull(guest.OpenHive(HiveName.Software).Find("Contoso")?.FindValue("Id"));
    }

    [Fact]
    public async Task One_machine_SID_for_all_is_told_once_for_a_pool()
    {
        using SwapWorld world = await SwapWorld.CreateAsync(pooled: 3);
        Change(world.V2, guest => guest.OpenHive(HiveName.Sam).Create(@"SAM\Domains\Account").SetValue("V", 3, new byte[40]));
        await world.Lab.SetStateAsync(world.Contents.Pooled[1], VmPowerState.Running, CancellationToken.None);

        IReadOnlyList<PreflightResult> results = await world.Updater().PreflightAsync(
            VmSelection.ByPool(world.Contents.Pool), new SwapOptions { MasterPath = world.V2 }, progress: null, CancellationToken.None);

        PreflightFinding told = Assert.Single(results.SelectMany(result => result.Findings), finding => finding.Id == "IdentitySharedMachineSid");
        Assert.Equal(PreflightVerdict.Warn, told.Verdict);
        Assert.Contains("S-1-5-21-0-0-0", told.Reason, StringComparison.Ordinal);
        Assert.NotEmpty(told.Remedy);
    }

    [Fact]
    public async Task Join_data_are_found_by_the_machines_name_and_go_into_the_answer_file()
    {
        using SwapWorld world = await SwapWorld.CreateAsync();
        string name = (await world.Lab.GetAsync(world.Vm, CancellationToken.None)).Name;
        Change(world.V2, guest => guest.OpenHive(HiveName.Software).Create(@"Microsoft\Windows\CurrentVersion\Setup\State")
            .SetValue("ImageState", 1, Encoding.Unicode.GetBytes("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE\0")));
        string folder = Directory.CreateDirectory(Path.Combine(world.Folder, "join")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, name + ".txt"), "QUJDRA==", Encoding.Unicode);

        PooledVmUpdateResult result = await world.UpdateAsync(world.V2, new SwapOptions { JoinDataFolder = folder });

        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (result.State, result.Error));
        using VhdxDisk disk = VhdxDisk.Open(result.DiskPath, new VhdxOpenOptions { Files = new HostFileSystem() });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = "result" });
        using IBlockFile answers = guest.Volume.OpenStream(GuestPath.Parse(@"Windows\Panther\unattend.xml"));
        var bytes = new byte[answers.Length];
        answers.ReadAt(0, bytes);
        Assert.Contains("<AccountData>QUJDRA==</AccountData>", Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(folder, name + ".txt"), "no join data");
        PooledVmUpdateResult bad = await world.UpdateAsync(world.V1, new SwapOptions { JoinDataFolder = folder });
        Assert.Equal(PooledVmUpdateState.Updated, bad.State); // a master that is not generalized needs none
    }

    private static void Spoil(string kind, string old, string master)
    {
        switch (kind)
        {
            case "no control set":
                Change(old, guest => guest.OpenHive(HiveName.System).Root.DeleteSubKey("Select"));
                break;
            case "control set that is not there":
                Change(old, guest => guest.OpenHive(HiveName.System).Create("Select").SetValue("Current", 4, [9, 0, 0, 0]));
                break;
            case "no computer name":
                Change(old, guest => guest.OpenHive(HiveName.System).Find(@"ControlSet001\Control\ComputerName\ComputerName")!.DeleteValue("ComputerName"));
                break;
            case "guid that is none":
                Change(old, guest => guest.OpenHive(HiveName.Software).Create(@"Microsoft\Cryptography").SetValue("MachineGuid", 1, "x\0\0\0"u8));
                break;
            case "sam without accounts":
                Change(old, guest => guest.OpenHive(HiveName.Sam).Create(@"SAM\Domains\Builtin"));
                break;
            case "master's sam without accounts":
                Change(master, guest => guest.OpenHive(HiveName.Sam).Create(@"SAM\Domains\Builtin"));
                break;
            case "two windows folders":
                Change(old, guest =>
                {
                    GuestPath config = GuestPath.Parse(@"Windows.old\System32\config");
                    foreach (GuestPath folder in new[] { config.Parent.Parent, config.Parent, config })
                    {
                        guest.Volume.Create(folder, new NtfsCreateProperties { IsDirectory = true });
                    }

                    guest.Volume.Create(config.Append("SYSTEM"), new NtfsCreateProperties());
                    guest.Volume.Create(config.Append("SOFTWARE"), new NtfsCreateProperties());
                });
                break;
            case "no software hive":
                Change(old, guest => guest.Volume.Delete(GuestPath.Parse(@"Windows\System32\config\SOFTWARE")));
                break;
            case "hive that is text":
                Change(old, guest =>
                {
                    using IBlockFile hive = guest.Volume.OpenStream(GuestPath.Parse(@"Windows\System32\config\SOFTWARE"), writable: true);
                    hive.WriteAt(0, Encoding.ASCII.GetBytes("this is no hive"));
                });
                break;
            case "container whose name is taken":
                string ours = Read(old);
                string masters = Read(master);
                Change(master, guest =>
                {
                    guest.Volume.Create(GuestPath.Parse(@"ProgramData\Microsoft\Crypto\Keys"), new NtfsCreateProperties { IsDirectory = true });
                    guest.Volume.Create(GuestPath.Parse(MasterGuidFree + masters), new NtfsCreateProperties());
                    guest.Volume.Create(GuestPath.Parse(MasterGuidFree + ours), new NtfsCreateProperties());
                });
                break;
            case "static address":
                Change(old, guest =>
                {
                    RegistryKey adapter = guest.OpenHive(HiveName.System).Create(@"ControlSet001\Services\Tcpip\Parameters\Interfaces\{1}");
                    adapter.SetValue("EnableDHCP", 4, [0, 0, 0, 0]);
                    adapter.SetValue("IPAddress", 7, Encoding.Unicode.GetBytes("10.0.0.1\0\0"));
                });
                break;
            case "another's identity":
                Change(old, guest => guest.Volume.Create(GuestPath.Parse("Personality.ini"), new NtfsCreateProperties()));
                break;
            case "master that would share its SID":
                Change(master, guest =>
                {
                    guest.OpenHive(HiveName.Sam).Create(@"SAM\Domains\Account").SetValue("V", 3, new byte[40]);
                    guest.OpenHive(HiveName.Software).Create(@"Microsoft\Windows NT\CurrentVersion").SetValue("CurrentBuildNumber", 1, Encoding.Unicode.GetBytes("26100\0"));
                });
                break;
        }
    }

    private static string Read(string path)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem() });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
        return Encoding.Unicode.GetString(guest.OpenHive(HiveName.Software).Find(@"Microsoft\Cryptography")!.FindValue("MachineGuid")!.Data).TrimEnd('\0');
    }

    private static void Change(string path, Action<GuestDisk> change)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem(), Writable = true, NewGuid = Guid.NewGuid });
        using (GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path, Writable = true, UtcNow = () => DateTime.UtcNow }))
        {
            change(guest);
            guest.Commit();
        }

        disk.Complete();
    }
}
