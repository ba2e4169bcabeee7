using VmUpdate.GuestAgent.FirstBoot;
using VmUpdate.Simulation.Support;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>The first start of a generalized master.</summary>
public sealed class FirstBootTests : IDisposable
{
    private const string NewGuid = "11111111-2222-3333-4444-555555555555";
    private const string OldGuid = "99999999-8888-7777-6666-555555555555";

    private readonly TempFolder _folder = new();
    private readonly StringWriter _log = new();
    private readonly Windows _windows;

    public FirstBootTests() => _windows = new Windows(_folder);

    private string FilePath => _folder.File("first-boot.json");

    [Fact]
    public void What_specialize_made_anew_is_put_back_in_order_and_the_file_is_gone()
    {
        string keys = Path.Combine(_folder.Path, "ProgramData", "Keys");
        Directory.CreateDirectory(keys);
        File.WriteAllText(Path.Combine(keys, "abc_" + OldGuid), "key");
        File.WriteAllText(Path.Combine(keys, "abc_other"), "other");
        Write($$"""
            { "version": 1, "computerName": "pc-01", "steps": [
              { "set": "machine-guid", "action": "rename-suffix", "folder": "ProgramData\\Keys", "fromHive": "SOFTWARE", "fromKey": "Microsoft\\Cryptography", "fromValue": "MachineGuid", "to": "{{NewGuid}}" },
              { "set": "machine-guid", "action": "set-value", "hive": "SOFTWARE", "key": "Microsoft\\Cryptography", "value": "MachineGuid", "type": 1, "data": "MQAA" },
              { "set": "address", "action": "set-address", "adapter": "00-15-5D-00-00-01", "addresses": ["10.0.0.7"], "subnetMasks": ["255.255.255.0"], "gateways": ["10.0.0.1"], "nameServers": [] } ] }
            """);
        Assert.Equal(string.Empty, CarryOut());
        Assert.False(File.Exists(FilePath));
        Assert.Equal(["abc_" + NewGuid, "abc_other"], Directory.GetFiles(keys).Select(Path.GetFileName).Order());
        Assert.Equal([@"SOFTWARE\Microsoft\Cryptography\MachineGuid 1 310000", "00-15-5D-00-00-01 10.0.0.7 255.255.255.0 10.0.0.1 "], _windows.Done);
        Assert.Equal(string.Empty, CarryOut());
    }

    [Fact]
    public void A_step_that_fails_is_told_and_the_next_start_tries_again()
    {
        Write($$"""
            { "version": 1, "computerName": "PC-01", "steps": [
              { "set": "a", "action": "set-value", "hive": "SOFTWARE", "key": "A", "value": "v", "type": 4, "data": "AQAAAA==" },
              { "set": "b", "action": "set-value", "hive": "SECURITY", "key": "B", "value": "v", "type": 4, "data": "AQAAAA==" } ] }
            """);
        _windows.Fails = true;
        string notice = CarryOut();
        Assert.Contains("step 2 (b): access denied", notice, StringComparison.Ordinal);
        Assert.Contains("step 2 (b)", _log.ToString(), StringComparison.Ordinal);
        Assert.True(File.Exists(FilePath));
        _windows.Fails = false;
        Assert.Equal(string.Empty, CarryOut());
        Assert.Equal(3, _windows.Done.Count);
    }

    [Theory]
    [InlineData("{ \"version\": 2, \"computerName\": \"PC-01\", \"steps\": [] }", "version 2")]
    [InlineData("{ \"version\": 1, \"computerName\": \"PC-02\", \"steps\": [] }", "for the machine 'PC-02'")]
    [InlineData("{ \"version\": 1, \"computerName\": \"PC-01\", \"steps\": [ { \"set\": \"x\", \"action\": \"run\" } ] }", "action 'run'")]
    [InlineData("{ \"version\": 1, \"computerName\": \"PC-01\", \"steps\": [ { \"set\": \"x\", \"action\": \"set-value\", \"hive\": \"HKCU\" } ] }", "'hive' must be one of")]
    [InlineData(
        "{ \"version\": 1, \"computerName\": \"PC-01\", \"steps\": [ { \"set\": \"x\", \"action\": \"rename-suffix\", \"folder\": \"A\\\\..\\\\B\", "
        + "\"fromHive\": \"SOFTWARE\", \"fromKey\": \"K\", \"fromValue\": \"V\", \"to\": \"1\" } ] }",
        "on the Windows volume")]
    [InlineData(
        "{ \"version\": 1, \"computerName\": \"PC-01\", \"steps\": [ { \"set\": \"x\", \"action\": \"rename-suffix\", \"folder\": \"A\", "
        + "\"fromHive\": \"SOFTWARE\", \"fromKey\": \"K\", \"fromValue\": \"V\", \"to\": \"..\\\\x\" } ] }",
        "no suffix of key files")]
    [InlineData("[1]", "not carried out")]
    [InlineData("{", "not carried out")]
    public void A_file_that_is_not_for_this_machine_or_agent_is_left_and_told(string json, string expected)
    {
        Write(json);
        Assert.Contains(expected, CarryOut(), StringComparison.Ordinal);
        Assert.True(File.Exists(FilePath));
        Assert.Empty(_windows.Done);
    }

    [Fact]
    public void A_file_that_anybody_may_have_written_is_not_believed()
    {
        Write("{ \"version\": 1, \"computerName\": \"PC-01\", \"steps\": [] }");
        File.SetUnixFileMode(FilePath, (UnixFileMode)0b110_110_110);
        Assert.Contains("can be written by others", CarryOut(), StringComparison.Ordinal);
    }

    [Fact]
    public void On_another_system_the_file_is_left_and_told()
    {
        Write("{}");
        Assert.Contains("is for Windows", new FirstBootFile(FilePath, null, new AgentLog(null, _log)).CarryOut(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _log.Dispose();
        _folder.Dispose();
    }

    private string CarryOut() => new FirstBootFile(FilePath, _windows, new AgentLog(null, _log)).CarryOut();

    private void Write(string json) => File.WriteAllText(FilePath, json);

    /// <summary>A Windows of a few values.</summary>
    private sealed class Windows(TempFolder folder) : IFirstBootTarget
    {
        public string ComputerName => "PC-01";

        public List<string> Done { get; } = [];

        public bool Fails { get; set; }

        public string? FindText(string hive, string key, string value) => OldGuid;

        public void SetValue(string hive, string key, string value, int type, byte[] data)
        {
            if (Fails && hive == "SECURITY")
            {
                throw new IOException("access denied");
            }

            Done.Add($@"{hive}\{key}\{value} {type} {Convert.ToHexString(data)}");
        }

        public string PathOf(string path) => Path.Combine([folder.Path, .. path.Split('\\')]);

        public void SetAddress(StaticAddress address) => Done.Add(
            $"{address.Adapter} {string.Join(',', address.Addresses)} {string.Join(',', address.SubnetMasks)} {string.Join(',', address.Gateways)} {string.Join(',', address.NameServers)}");
    }
}
