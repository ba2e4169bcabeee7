using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Tests.Identity.Leaks;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

public sealed class AgentInstallerTests : IDisposable
{
    private const string Service = @"ControlSet001\Services\vmupdate-agent";
    private readonly LeakDisks _disks = new();
    private readonly string _agent;

    public AgentInstallerTests()
    {
        _agent = _disks.PathOf("agent files");
        Directory.CreateDirectory(_agent);
        File.WriteAllBytes(Path.Combine(_agent, "vmupdate-agent.exe"), [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i % 251))]);
        File.WriteAllText(Path.Combine(_agent, "vmupdate-agent.exe.config"), "<configuration/>");
        File.WriteAllText(Path.Combine(_agent, "VmUpdate.GuestProtocol.dll"), "library");
        File.WriteAllText(Path.Combine(_agent, "notes.txt"), "not for the image");
    }

    public void Dispose() => _disks.Dispose();

    [Fact]
    public void The_new_image_has_the_agent_s_files_folders_and_service_and_the_old_one_is_what_it_was()
    {
        string image = _disks.Add("image.vhdx", Image());
        byte[] before = File.ReadAllBytes(image);
        string made = _disks.PathOf("made.vhdx");
        AgentInstallResult result = Installer().Install(image, made, progress: null, TestContext.Current.CancellationToken);
        Assert.Equal(before, File.ReadAllBytes(image));
        Assert.Equal(["VmUpdate.GuestProtocol.dll", "vmupdate-agent.exe", "vmupdate-agent.exe.config"], result.Files);
        Assert.False(result.WasInstalled);
        Assert.Empty(result.Warnings);

        using VhdxDisk disk = VhdxDisk.Open(made, new VhdxOpenOptions { Files = _disks.Files });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = "made" });
        Assert.Single(disk.Chain);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_agent, "vmupdate-agent.exe")), Read(guest, @"Program Files\VmUpdate\vmupdate-agent.exe"));
        Assert.Null(guest.Volume.Find(GuestPath.Parse(@"Program Files\VmUpdate\notes.txt")));
        Assert.True(guest.Volume.Find(GuestPath.Parse(@"Program Files\VmUpdate\update-agents.d"))!.IsDirectory);
        Assert.Equal("kept", Encoding.UTF8.GetString(Read(guest, @"Users\anna\kept.txt")));

        // Whoever could write a file there would be SYSTEM: no entry for users allows more than reading.
        Assert.Equal(Descriptor(guest, @"Program Files\VmUpdate"), AgentRights.ReadByUsers);
        Assert.Equal(Descriptor(guest, @"ProgramData\VmUpdate"), AgentRights.Private);
        Assert.DoesNotContain("010200000000000520000000210200", Convert.ToHexString(Descriptor(guest, @"ProgramData\VmUpdate")), StringComparison.OrdinalIgnoreCase);

        RegistryKey service = guest.OpenHive(HiveName.System).Find(Service)!;
        Assert.Equal("\"%ProgramFiles%\\VmUpdate\\vmupdate-agent.exe\" run", GuestDisk.TextOf(service.FindValue("ImagePath")!));
        Assert.Equal((2u, 2), (service.FindValue("ImagePath")!.Type, BitConverter.ToInt32(service.FindValue("Start")!.Data)));
    }

    [Fact]
    public void An_older_agent_is_replaced_and_update_agents_that_were_added_stay()
    {
        string image = _disks.Add("image.vhdx", Image()
            .File(@"Program Files\VmUpdate\vmupdate-agent.exe", "old")
            .File(@"Program Files\VmUpdate\Old.dll", "old")
            .File(@"Program Files\VmUpdate\update-agents.d\Contoso.json", "{}")
            .Value("SYSTEM", Service, "ImagePath", "elsewhere"));
        AgentInstallResult plan = Installer().Plan(image);
        Assert.True(plan.WasInstalled);
        string made = _disks.PathOf("made.vhdx");
        Installer().Install(image, made, progress: null, TestContext.Current.CancellationToken);
        using VhdxDisk disk = VhdxDisk.Open(made, new VhdxOpenOptions { Files = _disks.Files });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = "made" });
        Assert.Null(guest.Volume.Find(GuestPath.Parse(@"Program Files\VmUpdate\Old.dll")));
        Assert.Equal("{}", Encoding.UTF8.GetString(Read(guest, @"Program Files\VmUpdate\update-agents.d\Contoso.json")));
        Assert.EndsWith("run", GuestDisk.TextOf(guest.OpenHive(HiveName.System).Find(Service)!.FindValue("ImagePath")!), StringComparison.Ordinal);
    }

    [Fact]
    public void What_stands_in_the_way_is_told_and_no_file_is_left()
    {
        string made = _disks.PathOf("made.vhdx");
        string clash = _disks.Add("clash.vhdx", Image().File(@"Program Files\VmUpdate", "a file"));
        Assert.Equal("IdentityNameClash", Refused(() => Installer().Install(clash, made, progress: null, TestContext.Current.CancellationToken)));
        string shadows = _disks.Add("shadows.vhdx", Image()
            .File(@"System Volume Information\{11111111-2222-3333-4444-555555555555}{3808876b-c176-4e48-b7ae-04046e6cc752}", "older states"));
        Assert.Equal("IdentityMasterHasSnapshots", Refused(() => Installer().Plan(shadows)));
        File.Delete(Path.Combine(_agent, "vmupdate-agent.exe"));
        Assert.Equal("HostFileNotFound", Refused(() => Installer().Plan(clash)));
        Assert.False(File.Exists(made));
    }

    [Theory]
    [InlineData(null, "does not say which .NET Framework")]
    [InlineData(394802, "release 394802")]
    public void An_image_without_the_framework_that_the_agent_needs_is_warned_of(int? release, string expected)
    {
        WindowsDiskBuilder disk = new("GOLD");
        if (release is { } number)
        {
            disk = disk.Value("SOFTWARE", @"Microsoft\NET Framework Setup\NDP\v4\Full", "Release", WindowsDiskBuilder.Dword, BitConverter.GetBytes(number));
        }

        Assert.Contains(expected, Assert.Single(Installer().Plan(_disks.Add("image.vhdx", disk)).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Kind", "Judge")]
    public void The_judges_read_the_agent_in_the_new_image()
    {
        string made = _disks.PathOf("made.vhdx");
        Installer().Install(_disks.Add("image.vhdx", Image()), made, progress: null, TestContext.Current.CancellationToken);
        Judges.Require("qemu-img");
        (int code, string output) = Judges.Run("qemu-img", "check", made);
        Assert.True(code == 0, output);
        long offset;
        long length;
        using (VhdxDisk disk = VhdxDisk.Open(made, new VhdxOpenOptions { Files = _disks.Files }))
        using (GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = "made" }))
        {
            (offset, length) = (guest.Partition.Offset, guest.Partition.Length);
        }

        using var judged = new JudgedVolume(made, null, offset, length);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(_agent, "vmupdate-agent.exe")), File.ReadAllBytes(judged.PathOf(@"Program Files\VmUpdate\vmupdate-agent.exe")));
        Assert.True(Directory.Exists(judged.PathOf(@"ProgramData\VmUpdate")));
        Dictionary<string, string> values = judged.Values("SYSTEM");
        Assert.Contains("vmupdate-agent.exe", Assert.Single(values, value => value.Key.EndsWith($@"{Service} : ImagePath", StringComparison.OrdinalIgnoreCase)).Value, StringComparison.Ordinal);
        Assert.Contains("LocalSystem", Assert.Single(values, value => value.Key.EndsWith($@"{Service} : ObjectName", StringComparison.OrdinalIgnoreCase)).Value, StringComparison.Ordinal);
    }

    private static WindowsDiskBuilder Image() => new WindowsDiskBuilder("GOLD")
        .Value("SOFTWARE", @"Microsoft\NET Framework Setup\NDP\v4\Full", "Release", WindowsDiskBuilder.Dword, BitConverter.GetBytes(528040))
        .Value("SYSTEM", @"ControlSet001\Services\Tcpip", "ImagePath", "tcpip.sys")
        .File(@"Users\anna\kept.txt", "kept");

    private static string Refused(Action action) => Assert.ThrowsAny<VmUpdateException>(action).Code;

    private static byte[] Descriptor(GuestDisk guest, string path) => guest.Volume.GetSecurityDescriptor(GuestPath.Parse(path));

    private static byte[] Read(GuestDisk guest, string path)
    {
        using IBlockFile file = guest.Volume.OpenStream(GuestPath.Parse(path));
        var bytes = new byte[file.Length];
        file.ReadAt(0, bytes);
        return bytes;
    }

    private AgentInstaller Installer() => new(new AgentInstallerOptions
    {
        Files = _disks.Files,
        NewGuid = Guid.NewGuid,
        UtcNow = () => WindowsDiskBuilder.Now,
        AgentFolder = _agent,
    });
}
