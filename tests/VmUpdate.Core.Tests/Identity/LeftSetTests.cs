using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.Simulation.Disks;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

public sealed class LeftSetTests
{
    private const string Sense = @"Microsoft\Windows Advanced Threat Protection";
    private const string Cyber = @"ProgramData\Microsoft\Windows Defender Advanced Threat Protection\Cyber";

    [Theory]
    [InlineData("domain-name", "SYSTEM", @"ControlSet001\Services\Tcpip\Parameters", "Domain")]
    [InlineData("domain-name", "SYSTEM", @"ControlSet001\Services\Tcpip\Parameters", "NV Domain")]
    [InlineData("mounted-devices", "SYSTEM", @"MountedDevices", @"\DosDevices\C:")]
    [InlineData("rds-grace-period", "SYSTEM", @"ControlSet001\Control\Terminal Server\RCM\GracePeriod", "L$RTMTIMEBOMB")]
    public void A_value_that_is_not_carried_stays_as_the_master_has_it_and_the_plan_says_why(string set, string hive, string key, string name)
    {
        HiveName hiveName = Enum.Parse<HiveName>(hive, ignoreCase: true);
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").Value(hive, key, name, "ours");
        using (SwapOfIdentity swap = SwapOfIdentity.Run(old, new WindowsDiskBuilder("MASTER")))
        {
            Assert.Null(swap.Value(hiveName, key, name));
            Assert.Equal(SetOutcome.NotCarried, swap.Decision(set).Outcome);
            Assert.EndsWith(".", swap.Decision(set).Reason, StringComparison.Ordinal);
        }

        using (SwapOfIdentity swap = SwapOfIdentity.Run(old, new WindowsDiskBuilder("MASTER").Value(hive, key, name, "theirs")))
        {
            Assert.Equal("theirs", swap.Text(hiveName, key, name));
            Assert.DoesNotContain(swap.Manifest.Items, item => item.Set == set);
        }
    }

    [Theory]
    [InlineData("software-distribution", @"Windows\SoftwareDistribution\DataStore\DataStore.edb")]
    [InlineData("wmi-repository", @"Windows\System32\wbem\Repository\OBJECTS.DATA")]
    [InlineData("user-token-caches", @"Users\anna\AppData\Local\Packages\Microsoft.AAD.BrokerPlugin_cw5n1h2txyewy\a")]
    [InlineData("user-token-caches", @"Users\anna\AppData\Local\Packages\Microsoft.Windows.CloudExperienceHost_cw5n1h2txyewy\a")]
    [InlineData("user-token-caches", @"Users\anna\AppData\Local\Packages\x\AC\TokenBroker\a")]
    [InlineData("user-token-caches", @"Users\anna\AppData\Local\Microsoft\TokenBroker\Cache\a")]
    [InlineData("user-token-caches", @"Users\anna\AppData\Local\Microsoft\OneAuth\a")]
    [InlineData("user-token-caches", @"Users\anna\AppData\Local\Microsoft\IdentityCache\a")]
    public void A_file_that_is_not_carried_stays_as_the_master_has_it_even_when_user_data_is_asked_for(string set, string path)
    {
        IdentityOptions all = SwapOfIdentity.With(UserDataMode.Always, [@"Users\**"]);
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").File(path, "ours");
        using (SwapOfIdentity swap = SwapOfIdentity.Run(old, new WindowsDiskBuilder("MASTER"), all))
        {
            Assert.Null(swap.File(path));
            Assert.Equal(SetOutcome.NotCarried, swap.Decision(set).Outcome);
        }

        using (SwapOfIdentity swap = SwapOfIdentity.Run(old, new WindowsDiskBuilder("MASTER").File(path, "theirs"), all))
        {
            Assert.Equal("theirs", swap.File(path));
        }
    }

    [Fact]
    public void Defender_for_endpoint_is_stripped_from_the_master_and_what_is_beside_it_stays()
    {
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER")
            .Value("SOFTWARE", Sense, "senseGuid", "theirs")
            .Value("SOFTWARE", Sense, "7DC0B629-D7F6-4DB3-9BF7-64D5AAF50F1A", "theirs")
            .Value("SOFTWARE", Sense + @"\48A68F11-7A16-4180-B32C-7F974C7BD783", "x", "theirs")
            .Value("SOFTWARE", Sense, "OnboardedInfo", "stays")
            .File(Cyber + @"\a\b.bin", "theirs")
            .File(@"ProgramData\Microsoft\Windows Defender Advanced Threat Protection\other", "stays");
        using SwapOfIdentity swap = SwapOfIdentity.Run(new WindowsDiskBuilder("PC7"), master);

        Assert.Equal(SetVerb.Strip, swap.Decision("defender-for-endpoint").Verb);
        Assert.Equal(SetOutcome.Stripped, swap.Decision("defender-for-endpoint").Outcome);
        Assert.Null(swap.Value(HiveName.Software, Sense, "senseGuid"));
        Assert.Null(swap.Value(HiveName.Software, Sense, "7DC0B629-D7F6-4DB3-9BF7-64D5AAF50F1A"));
        Assert.Null(swap.Result.OpenHive(HiveName.Software).Find(Sense + @"\48A68F11-7A16-4180-B32C-7F974C7BD783"));
        Assert.Null(swap.Result.Volume.Find(GuestPath.Parse(Cyber + @"\a")));
        Assert.NotNull(swap.Result.Volume.Find(GuestPath.Parse(Cyber)));
        Assert.Equal("stays", swap.Text(HiveName.Software, Sense, "OnboardedInfo"));
        Assert.Equal("stays", swap.File(@"ProgramData\Microsoft\Windows Defender Advanced Threat Protection\other"));
    }

    [Theory]
    [InlineData(false, null, SetOutcome.NotCarried)]
    [InlineData(true, "ours", SetOutcome.Carried)]
    public void Defender_for_endpoint_is_carried_only_on_the_administrators_word(bool word, string? expected, SetOutcome outcome)
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").Value("SOFTWARE", Sense, "senseGuid", "ours");
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER").Value("SOFTWARE", Sense, "senseGuid", "theirs");
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, master, SwapOfIdentity.With(onWord: word ? ["defender-for-endpoint"] : []));

        Assert.Equal(expected, swap.Text(HiveName.Software, Sense, "senseGuid"));
        Assert.Equal(outcome, swap.Decision("defender-for-endpoint").Outcome);
    }

    [Fact]
    public void A_set_is_left_out_on_the_administrators_word()
    {
        const string sqm = @"Microsoft\SQMClient";
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").Value("SOFTWARE", sqm, "MachineId", "ours");
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER").Value("SOFTWARE", sqm, "MachineId", "theirs");
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, master, SwapOfIdentity.With(leaveOut: ["sqm-machine-id"]));

        Assert.NotEqual("ours", swap.Text(HiveName.Software, sqm, "MachineId"));
        Assert.Equal(SetOutcome.NotCarried, swap.Decision("sqm-machine-id").Outcome);
        Assert.StartsWith("It was left out on the administrator's word.", swap.Decision("sqm-machine-id").Reason, StringComparison.Ordinal);
        Assert.Equal(SetOutcome.Carried, swap.Decision("computer-name").Outcome);
    }

    [Fact]
    public void The_computer_name_cannot_be_left_out()
    {
        IdentityException refused = Assert.Throws<IdentityException>(() => SwapOfIdentity.PlanOf(
            new WindowsDiskBuilder("PC7"), new WindowsDiskBuilder("MASTER"), SwapOfIdentity.With(leaveOut: ["computer-name"])));

        Assert.Equal(IdentityFailure.EssentialSetNotCarried, refused.Failure);
    }
}
