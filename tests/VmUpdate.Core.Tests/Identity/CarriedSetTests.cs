using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Disks;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

public sealed class CarriedSetTests
{
    private const string Tcpip = @"CurrentControlSet\Services\Tcpip\Parameters";
    private const string WindowsUpdate = @"Microsoft\Windows\CurrentVersion\WindowsUpdate";

    [Fact]
    public void The_computer_name_comes_from_the_current_set_of_the_old_disk_and_goes_to_that_of_the_new()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7", controlSet: 2)
            .Value("SYSTEM", @"ControlSet001\Control\ComputerName\ComputerName", "ComputerName", "STALE");
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, new WindowsDiskBuilder("MASTER"));

        Assert.Equal("ControlSet001", swap.Result.CurrentControlSet);
        Assert.Equal("PC7", swap.Text(HiveName.System, @"ControlSet001\Control\ComputerName\ComputerName", "ComputerName"));
        Assert.Equal("pc7", swap.Text(HiveName.System, Tcpip, "Hostname"));
        Assert.Equal("pc7", swap.Text(HiveName.System, Tcpip, "NV Hostname"));
        Assert.Null(swap.Result.OpenHive(HiveName.System).Find("ControlSet002"));
        Assert.Equal(SetOutcome.Carried, swap.Decision("computer-name").Outcome);
    }

    [Theory]
    [InlineData(true, "PC7")]
    [InlineData(false, null)]
    public void The_active_computer_name_is_carried_only_where_the_master_has_one(bool onMaster, string? expected)
    {
        const string key = @"ControlSet001\Control\ComputerName\ActiveComputerName";
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").Value("SYSTEM", key, "ComputerName", "PC7");
        var master = new WindowsDiskBuilder("MASTER");
        if (onMaster)
        {
            master.Value("SYSTEM", key, "ComputerName", "MASTER");
        }

        using SwapOfIdentity swap = SwapOfIdentity.Run(old, master);

        Assert.Equal(expected, swap.Text(HiveName.System, key, "ComputerName"));
        Assert.Equal(onMaster, swap.Result.OpenHive(HiveName.System).Find(key) is not null);
    }

    [Theory]
    [InlineData("machine-guid", "SOFTWARE", @"Microsoft\Cryptography", "MachineGuid", true)]
    [InlineData("sqm-machine-id", "SOFTWARE", @"Microsoft\SQMClient", "MachineId", false)]
    [InlineData("windows-update", "SOFTWARE", WindowsUpdate, "SusClientId", false)]
    [InlineData("windows-update", "SOFTWARE", WindowsUpdate, "SusClientIdValidation", false)]
    [InlineData("windows-update", "SOFTWARE", WindowsUpdate, "PingID", false)]
    [InlineData("dhcpv6-duid", "SYSTEM", @"ControlSet001\Services\Tcpip6\Parameters", "Dhcpv6DUID", false)]
    [InlineData("msmq", "SOFTWARE", @"Microsoft\MSMQ\Parameters\MachineCache", "QMId", false)]
    [InlineData("tanium", "SOFTWARE", @"Wow6432Node\Tanium\Tanium Client", "ComputerID", false)]
    [InlineData("tanium", "SOFTWARE", @"Wow6432Node\Tanium\Tanium Client", "RegistrationCount", false)]
    public void A_value_is_carried_byte_for_byte_with_its_type_and_an_absent_one_does_not_leave_the_masters(
        string set, string hive, string key, string name, bool mastersStays)
    {
        // A GUID's text, as machine-guid needs it; with an odd type, and bytes behind the end of the text.
        byte[] ours = [.. Encoding.Unicode.GetBytes("61841625-24c4-495b-9080-eccd903b9e6f\0"), 0, 0];
        byte[] masters = Encoding.Unicode.GetBytes("e887647a-002b-06f5-ab6e-852bbc627739\0");
        HiveName hiveName = hive == "SYSTEM" ? HiveName.System : HiveName.Software;
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").Value(hive, key, name, 0xFFFF0011, ours);
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER").Value(hive, key, name, WindowsDiskBuilder.Sz, masters);

        using (SwapOfIdentity swap = SwapOfIdentity.Run(old, master))
        {
            RegistryValue value = swap.Value(hiveName, key, name)!;
            Assert.Equal(0xFFFF0011, value.Type);
            Assert.Equal(ours, value.Data);
            Assert.Equal(SetOutcome.Carried, swap.Decision(set).Outcome);
        }

        using (SwapOfIdentity swap = SwapOfIdentity.Run(old, new WindowsDiskBuilder("MASTER")))
        {
            Assert.Equal(ours, swap.Value(hiveName, key, name)!.Data);
        }

        using (SwapOfIdentity swap = SwapOfIdentity.Run(new WindowsDiskBuilder("PC7"), master))
        {
            Assert.Equal(mastersStays ? SetOutcome.Kept : SetOutcome.Stripped, swap.Decision(set).Outcome);
            Assert.Equal(mastersStays, swap.Value(hiveName, key, name) is not null);
        }
    }

    [Fact]
    public void A_carried_set_equals_the_old_disks_in_what_it_lacks_too()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").Value("SOFTWARE", WindowsUpdate, "SusClientId", "ours");
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER")
            .Value("SOFTWARE", WindowsUpdate, "SusClientId", "theirs").Value("SOFTWARE", WindowsUpdate, "PingID", "theirs");
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, master);

        Assert.Equal("ours", swap.Text(HiveName.Software, WindowsUpdate, "SusClientId"));
        Assert.Null(swap.Value(HiveName.Software, WindowsUpdate, "PingID"));
    }

    [Fact]
    public void The_account_domain_sid_of_windows_update_stays_as_the_master_has_it()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7")
            .Value("SOFTWARE", WindowsUpdate, "SusClientId", "ours")
            .Value("SOFTWARE", WindowsUpdate, "AccountDomainSid", WindowsDiskBuilder.Binary, [1, 2, 3]);
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, new WindowsDiskBuilder("MASTER"));

        Assert.Null(swap.Value(HiveName.Software, WindowsUpdate, "AccountDomainSid"));
        Assert.Equal("ours", swap.Text(HiveName.Software, WindowsUpdate, "SusClientId"));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void The_queue_managers_id_is_not_carried_when_only_one_disk_has_message_queuing(bool onOld, bool onMaster)
    {
        const string service = @"ControlSet001\Services\MSMQ";
        const string cache = @"Microsoft\MSMQ\Parameters\MachineCache";
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").Value("SOFTWARE", cache, "QMId", WindowsDiskBuilder.Binary, [1, 2]);
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER");
        _ = onOld ? old.Key("SYSTEM", service) : old;
        _ = onMaster ? master.Key("SYSTEM", service) : master;
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, master);

        Assert.Null(swap.Value(HiveName.Software, cache, "QMId"));
        Assert.Equal(SetOutcome.NotCarried, swap.Decision("msmq").Outcome);
        Assert.Contains("only one of", swap.Decision("msmq").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_the_master_lacks_gets_the_class_and_security_it_has_on_the_old_disk()
    {
        byte[] security = Descriptors.OwnedBy(Descriptors.System);
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").Hive("SOFTWARE", hive =>
        {
            RegistryKey key = hive.Create(@"Wow6432Node\Tanium").CreateSubKey("Tanium Client", "a class");
            key.SetSecurityDescriptor(security);
            key.SetValue("ComputerID", WindowsDiskBuilder.Dword, [1, 2, 3, 4]);
        });
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, new WindowsDiskBuilder("MASTER"));

        RegistryKey carried = swap.Result.OpenHive(HiveName.Software).Find(@"Wow6432Node\Tanium\Tanium Client")!;
        Assert.Equal("a class", carried.ClassName);
        Assert.Equal(security, carried.GetSecurityDescriptor());
    }

    [Fact]
    public void Ssh_host_keys_are_carried_with_owner_and_access_list_and_the_masters_other_keys_go()
    {
        byte[] security = Descriptors.OwnedBy(Descriptors.System);
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7")
            .File(@"ProgramData\ssh\ssh_host_rsa_key", "our private key", security)
            .File(@"ProgramData\ssh\ssh_host_rsa_key.pub", "our public key")
            .File(@"ProgramData\ssh\sshd_config", "our configuration");
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER")
            .File(@"ProgramData\ssh\ssh_host_rsa_key", "their private key")
            .File(@"ProgramData\ssh\ssh_host_dsa_key", "their other key")
            .File(@"ProgramData\ssh\sshd_config", "their configuration");
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, master);

        Assert.Equal("our private key", swap.File(@"ProgramData\ssh\ssh_host_rsa_key"));
        Assert.Equal(security, swap.Result.Volume.GetSecurityDescriptor(GuestPath.Parse(@"ProgramData\ssh\ssh_host_rsa_key")));
        Assert.Equal("our public key", swap.File(@"ProgramData\ssh\ssh_host_rsa_key.pub"));
        Assert.Null(swap.File(@"ProgramData\ssh\ssh_host_dsa_key"));
        Assert.Equal("their configuration", swap.File(@"ProgramData\ssh\sshd_config"));
    }

    [Fact]
    public void Ssh_host_keys_that_only_the_master_has_are_removed()
    {
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER").File(@"ProgramData\ssh\ssh_host_rsa_key", "shared by all its children");
        using SwapOfIdentity swap = SwapOfIdentity.Run(new WindowsDiskBuilder("PC7"), master);

        Assert.Null(swap.File(@"ProgramData\ssh\ssh_host_rsa_key"));
        Assert.Equal(SetOutcome.Stripped, swap.Decision("openssh-host-keys").Outcome);
    }

    [Theory]
    [InlineData(7u, 1001u, 9u, false, false)] // another machine SID
    [InlineData(7u, 1001u, 7u, false, false)] // the same, without the account
    [InlineData(7u, 1001u, 7u, true, true)]   // the same, with the account
    [InlineData(7u, 500u, 7u, false, true)]   // the same; the administrator is on every machine
    public void A_set_that_an_account_of_the_old_machine_owns_is_carried_only_where_that_account_exists(
        uint oldSid, uint account, uint masterSid, bool onMaster, bool carried)
    {
        byte[] security = Descriptors.OwnedBy(Descriptors.Account(oldSid, account));
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7", machineSid: oldSid).File(@"ProgramData\ssh\ssh_host_rsa_key", "key", security);
        var master = new WindowsDiskBuilder("MASTER", machineSid: masterSid);
        if (onMaster)
        {
            master.Key("SAM", $@"SAM\Domains\Account\Users\{account:X8}");
        }

        using SwapOfIdentity swap = SwapOfIdentity.Run(old, master);

        Assert.Equal(carried ? SetOutcome.Carried : SetOutcome.NotCarried, swap.Decision("openssh-host-keys").Outcome);
        Assert.Equal(carried ? "key" : null, swap.File(@"ProgramData\ssh\ssh_host_rsa_key"));
        Assert.Equal($"S-1-5-21-{masterSid}-2-3", swap.Plan.Master.SharedMachineSid!.ToString());
    }
}
