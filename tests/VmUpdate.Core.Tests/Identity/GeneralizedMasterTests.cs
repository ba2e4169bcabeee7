using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Disks;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

/// <summary>
/// A master that sysprep generalized: what its first start takes from the answer file is there, what it makes anew the guest agent is told,
/// and what cannot be kept is said before.
/// </summary>
public sealed class GeneralizedMasterTests
{
    private const string Unattend = @"Windows\Panther\unattend.xml";
    private const string FirstBoot = @"ProgramData\VmUpdate\first-boot.json";
    private const string JoinText = "ARAIAMzMzMyoAwAAAAAAAAAAAgABAAAA+/AAAA==";
    private static readonly XNamespace Ns = "urn:schemas-microsoft-com:unattend";

    [Fact]
    public void The_name_and_the_time_zone_are_in_the_answer_file_and_the_name_is_on_the_disk_too()
    {
        using SwapOfIdentity swap = SwapOfIdentity.Run(Old(), Master());

        XElement shell = Component(swap.File(Unattend)!, "Microsoft-Windows-Shell-Setup");
        Assert.Equal("PC7", shell.Element(Ns + "ComputerName")!.Value);
        Assert.Equal("W. Europe Standard Time", shell.Element(Ns + "TimeZone")!.Value);
        Assert.Equal("amd64", shell.Attribute("processorArchitecture")!.Value);
        Assert.Equal("PC7", swap.Text(HiveName.System, @"CurrentControlSet\Control\ComputerName\ComputerName", "ComputerName"));
        Assert.True(swap.Plan.Master is { IsGeneralized: true, SharedMachineSid: null });
        Assert.Contains(swap.Plan.Warnings, warning => warning.Contains("no answer file of its own", StringComparison.Ordinal));
        AssertForAdministratorsOnly(swap, Unattend);
    }

    [Theory]
    [InlineData(@"Windows\Panther\unattend.xml")]
    [InlineData(@"Windows\Panther\Unattend\unattend.xml")]
    public void What_the_masters_own_answer_file_says_besides_stays(string path)
    {
        const string own = """
            <unattend xmlns="urn:schemas-microsoft-com:unattend">
              <settings pass="specialize">
                <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="x86"><ComputerName>*</ComputerName></component>
                <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64"><ComputerName>*</ComputerName><RegisteredOwner>us</RegisteredOwner></component>
              </settings>
              <settings pass="oobeSystem"><component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64"><OOBE><HideEULAPage>true</HideEULAPage></OOBE></component></settings>
            </unattend>
            """;
        using SwapOfIdentity swap = SwapOfIdentity.Run(Old(), Master().File(path, own));

        string text = swap.File(path)!;
        XElement shell = Component(text, "Microsoft-Windows-Shell-Setup");
        Assert.Equal("PC7", shell.Element(Ns + "ComputerName")!.Value);
        Assert.Equal("us", shell.Element(Ns + "RegisteredOwner")!.Value);
        Assert.Contains("<HideEULAPage>true</HideEULAPage>", text, StringComparison.Ordinal);
        Assert.Contains(">*</ComputerName>", text, StringComparison.Ordinal); // of another architecture: not ours
        Assert.DoesNotContain(swap.Plan.Warnings, warning => warning.Contains("no answer file", StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_first_start_makes_anew_the_guest_agent_is_told_names_of_key_containers_before_the_guid()
    {
        const string guid = "61841625-24c4-495b-9080-eccd903b9e6f";
        WindowsDiskBuilder old = Old().Value("SOFTWARE", @"Microsoft\Cryptography", "MachineGuid", guid)
            .Value("SOFTWARE", @"Microsoft\Windows\CurrentVersion\WindowsUpdate", "SusClientId", "sus");
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, Master().Value("SOFTWARE", @"Microsoft\Cryptography", "MachineGuid", "e887647a-002b-06f5-ab6e-852bbc627739"));

        using JsonDocument told = JsonDocument.Parse(swap.File(FirstBoot)!);
        Assert.Equal((1, "PC7"), (told.RootElement.GetProperty("version").GetInt32(), told.RootElement.GetProperty("computerName").GetString()));
        List<JsonElement> steps = told.RootElement.GetProperty("steps").EnumerateArray().ToList();
        Assert.Equal(5, steps.TakeWhile(step => Text(step, "action") == "rename-suffix" && Text(step, "to") == "_" + guid).Count());
        JsonElement value = steps.Single(step => Text(step, "value") == "MachineGuid");
        Assert.Equal(("machine-guid", "set-value", "SOFTWARE", @"Microsoft\Cryptography", 1), (Text(value, "set"), Text(value, "action"), Text(value, "hive"), Text(value, "key"), value.GetProperty("type").GetInt32()));
        Assert.Equal(guid + '\0', Encoding.Unicode.GetString(value.GetProperty("data").GetBytesFromBase64()));
        Assert.Contains(steps, step => Text(step, "value") == "SusClientId");
        Assert.DoesNotContain(steps, step => Text(step, "value") == "ComputerName");
        Assert.Contains(swap.Plan.Warnings, warning => warning.Contains("no VmUpdate agent", StringComparison.Ordinal));
        AssertForAdministratorsOnly(swap, FirstBoot);
    }

    [Fact]
    public void Nobody_is_warned_of_a_missing_agent_where_there_is_one()
    {
        WindowsDiskBuilder old = Old().Value("SOFTWARE", @"Microsoft\SQMClient", "MachineId", "x");
        IdentityPlan plan = SwapOfIdentity.PlanOf(old, Master().Key("SYSTEM", @"ControlSet001\Services\vmupdate-agent"));

        Assert.DoesNotContain(plan.Warnings, warning => warning.Contains("agent", StringComparison.Ordinal));
    }

    [Fact]
    public void Trust_and_DPAPI_are_not_carried_and_the_plan_says_how_the_machine_joins()
    {
        SealedMachine old = new SealedMachine("PC7", 1).Domain("corp.example", "now"u8.ToArray(), "before"u8.ToArray()).ConfigMgr("GUID:1", Guid.Empty);
        SealedMachine master = new("MASTER", 2);
        Generalize(master.Disk);
        using SwapOfIdentity swap = SwapOfIdentity.Run(old.Disk, master.Disk);

        foreach (string set in new[] { "domain-trust", "domain-name", "dpapi-system", "configmgr" })
        {
            Assert.Equal(SetOutcome.NotCarried, swap.Decision(set).Outcome == SetOutcome.Absent ? SetOutcome.NotCarried : swap.Decision(set).Outcome);
        }

        Assert.Contains("-JoinDataPath", swap.Decision("domain-trust").Reason, StringComparison.Ordinal);
        Assert.Contains(swap.Plan.Warnings, warning => warning.Contains("will not be in its domain", StringComparison.Ordinal));
        using GuestSecrets secrets = GuestSecrets.Open(swap.Result);
        Assert.Null(secrets.FindKey("$MACHINE.ACC"));
    }

    [Fact]
    public void Join_data_go_into_the_answer_file_and_are_a_secret()
    {
        SealedMachine old = new SealedMachine("PC7", 1).Domain("corp.example", "now"u8.ToArray(), "before"u8.ToArray());
        using SwapOfIdentity swap = SwapOfIdentity.Run(
            old.Disk, Master(), SwapOfIdentity.With(joinData: () => AnswerFile.ReadJoinData([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(JoinText + "\0\r\n")])));

        XElement join = Component(swap.File(Unattend)!, "Microsoft-Windows-UnattendedJoin");
        Assert.Equal(JoinText, join.Element(Ns + "Identification")!.Element(Ns + "Provisioning")!.Element(Ns + "AccountData")!.Value);
        Assert.Contains("join data given", swap.Decision("domain-trust").Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(swap.Plan.Warnings, warning => warning.Contains("will not be in its domain", StringComparison.Ordinal));
        Assert.True(swap.Manifest.Items.Single(item => item.Path == Unattend).IsSecret);
        Assert.DoesNotContain(JoinText, Encoding.UTF8.GetString(swap.Manifest.ToJson()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("not base64!", false)]
    [InlineData("<xml>", false)]
    [InlineData(JoinText, true)]
    public void Join_data_are_one_text_of_base64(string text, bool isJoinData)
    {
        using SecretBuffer? narrow = AnswerFile.ReadJoinData(Encoding.UTF8.GetBytes(text + "\r\n"));
        using SecretBuffer? wide = AnswerFile.ReadJoinData([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(text)]);

        Assert.Equal((isJoinData, isJoinData), (narrow is not null, wide is not null));
    }

    [Fact]
    public void An_answer_file_that_is_no_xml_refuses_the_machine()
    {
        var failure = Assert.Throws<IdentityException>(() => SwapOfIdentity.Run(Old(), Master().File(Unattend, "<unattend><settings>")));

        Assert.Equal("IdentityAnswerFileInvalid", failure.Code);
    }

    [Fact]
    public void A_static_address_is_told_the_guest_agent_by_its_adapters_physical_address_whatever_the_master()
    {
        const string adapter = "{0a0b0c0d-0000-0000-0000-000000000001}";
        const string key = @"ControlSet001\Services\Tcpip\Parameters\Interfaces\" + adapter;
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7")
            .Value("SYSTEM", key, "EnableDHCP", WindowsDiskBuilder.Dword, [0, 0, 0, 0])
            .Value("SYSTEM", key, "IPAddress", 7, Encoding.Unicode.GetBytes("10.3.58.5\0\0"))
            .Value("SYSTEM", key, "SubnetMask", 7, Encoding.Unicode.GetBytes("255.255.255.0\0\0"))
            .Value("SYSTEM", key, "DefaultGateway", 7, Encoding.Unicode.GetBytes("10.3.58.1\0\0"))
            .Value("SYSTEM", key, "NameServer", "10.3.58.4,10.3.58.6")
            .Value("SYSTEM", $@"ControlSet001\Control\NetworkSetup2\Interfaces\{adapter}\Kernel", "CurrentAddress", 3, [0, 0x15, 0x5D, 1, 2, 0xFE]);
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, new WindowsDiskBuilder("MASTER"), SwapOfIdentity.With(onWord: ["static-addresses"]));

        using JsonDocument told = JsonDocument.Parse(swap.File(FirstBoot)!);
        JsonElement step = Assert.Single(told.RootElement.GetProperty("steps").EnumerateArray());
        Assert.Equal(("set-address", "00-15-5D-01-02-FE"), (Text(step, "action"), Text(step, "adapter")));
        Assert.Equal(["10.3.58.5"], Texts(step, "addresses"));
        Assert.Equal(["255.255.255.0"], Texts(step, "subnetMasks"));
        Assert.Equal(["10.3.58.1"], Texts(step, "gateways"));
        Assert.Equal(["10.3.58.4", "10.3.58.6"], Texts(step, "nameServers"));
        Assert.Equal(SetOutcome.Carried, swap.Decision("static-addresses").Outcome);
        Assert.Null(swap.Result.OpenHive(HiveName.System).Find(key));
    }

    [Fact]
    public void No_answer_file_is_written_for_a_master_that_is_not_generalized()
    {
        using SwapOfIdentity swap = SwapOfIdentity.Run(Old(), new WindowsDiskBuilder("MASTER"));

        Assert.Null(swap.File(Unattend));
        Assert.Null(swap.File(FirstBoot));
        Assert.Equal("S-1-5-21-7-2-3", swap.Plan.Master.SharedMachineSid!.ToString());
    }

    [Theory]
    [InlineData("26100", false, false, true)]
    [InlineData("26100", true, false, false)]
    [InlineData("26100", false, true, false)]
    [InlineData("26099", false, false, false)]
    public void One_machine_SID_for_all_is_refused_from_build_26100_on_unless_it_is_allowed(string build, bool allowed, bool isGeneralized, bool isRefused)
    {
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER").Value("SOFTWARE", @"Microsoft\Windows NT\CurrentVersion", "CurrentBuildNumber", build);
        if (isGeneralized)
        {
            Generalize(master);
        }

        Exception? failure = Record.Exception(() => SwapOfIdentity.PlanOf(Old(), master, SwapOfIdentity.With(allowSharedSid: allowed)));

        Assert.Equal(isRefused ? "IdentitySharedMachineSid" : null, (failure as IdentityException)?.Code);
        Assert.True(failure is null or IdentityException, failure?.ToString());
    }

    private static WindowsDiskBuilder Old() => new WindowsDiskBuilder("PC7")
        .Value("SYSTEM", @"ControlSet001\Control\TimeZoneInformation", "TimeZoneKeyName", "W. Europe Standard Time\0left over");

    private static WindowsDiskBuilder Master() => Generalize(new WindowsDiskBuilder("MASTER"));

    private static WindowsDiskBuilder Generalize(WindowsDiskBuilder disk) => disk
        .Value("SOFTWARE", @"Microsoft\Windows\CurrentVersion\Setup\State", "ImageState", "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE")
        .Value("SYSTEM", $@"{disk.ControlSet}\Control\Session Manager\Environment", "PROCESSOR_ARCHITECTURE", "AMD64");

    private static XElement Component(string xml, string name) => XDocument.Parse(xml).Root!.Elements(Ns + "settings")
        .Single(settings => settings.Attribute("pass")!.Value == "specialize").Elements(Ns + "component")
        .Single(component => component.Attribute("name")!.Value == name && component.Attribute("processorArchitecture")!.Value == "amd64");

    private static string? Text(JsonElement step, string name) => step.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static IEnumerable<string?> Texts(JsonElement step, string name) => step.GetProperty(name).EnumerateArray().Select(text => text.GetString());

    private static void AssertForAdministratorsOnly(SwapOfIdentity swap, string path)
    {
        NtfsEntry file = swap.Result.Volume.Find(GuestPath.Parse(path))!;
        byte[] security = swap.Result.Volume.GetSecurityDescriptor(file.Path);
        Assert.Equal(Descriptors.System, security[^12..]);
        Assert.Equal((0x90, 2), (security[3], BitConverter.ToInt16(security, 24))); // protected, self-relative; two entries
    }
}
