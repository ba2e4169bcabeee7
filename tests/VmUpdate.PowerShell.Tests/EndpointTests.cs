using System.Collections;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using VmUpdate.PowerShell.Tests.Support;
using Shell = System.Management.Automation.PowerShell;

namespace VmUpdate.PowerShell.Tests;

/// <summary>The endpoint for remote prompts: what a caller of it sees, and what it does not let through.</summary>
public sealed class EndpointTests
{
    private static readonly string[] Allowed = ["Get-VmUpdateTask", "Register-VmUpdateTask", "Unregister-VmUpdateTask"];

    // Programs and script files are not hidden one by one: there the session has an empty list of what may be run.
    private const CommandTypes Commands = CommandTypes.All & ~(CommandTypes.Application | CommandTypes.ExternalScript);

    [Fact]
    public void The_endpoint_shows_three_cmdlets_and_nothing_else()
    {
        using var lab = new Lab(pooled: 0, personal: 1);
        using Runspace endpoint = Open(lab);
        IEnumerable<CommandInfo> visible = endpoint.SessionStateProxy.InvokeCommand
            .GetCommands("*", Commands, nameIsPattern: true)
            .Where(command => command.Visibility == SessionStateEntryVisibility.Public);
        Assert.Equal(Allowed, visible.Select(command => command.Name).Order(StringComparer.Ordinal));
        Assert.Equal(PSLanguageMode.NoLanguage, endpoint.SessionStateProxy.LanguageMode);
        Assert.Empty(endpoint.SessionStateProxy.Applications);
        Assert.Empty(endpoint.SessionStateProxy.Scripts);
    }

    [Fact]
    public void A_caller_registers_sees_and_removes_tasks()
    {
        using var lab = new Lab(pooled: 0, personal: 1);
        using Runspace endpoint = Open(lab);
        Dictionary<string, object> task = new()
        {
            ["Name"] = "Remote", ["Kind"] = "Configuration", ["ScriptContent"] = "x"u8.ToArray(), ["ScriptName"] = "x.ps1", ["VMName"] = "DESK-01",
            ["Window"] = new object[] { "22:00-05:00" }, ["PassThru"] = true,
        };
        Assert.Equal("Remote", Assert.Single(Call(endpoint, "Register-VmUpdateTask", task)).Properties["TaskName"].Value);
        Assert.Equal("x", Assert.Single(Call(endpoint, "Get-VmUpdateTask", new() { ["Name"] = "Rem*", ["Detailed"] = true })).Properties["PayloadText"].Value);
        Assert.Equal(["Remote"], lab.RunWell("Get-VmUpdateTask").All("TaskName"));
        Call(endpoint, "Unregister-VmUpdateTask", new() { ["Name"] = "Remote", ["Force"] = true });
        Assert.Empty(lab.RunWell("Get-VmUpdateTask").Output);
    }

    [Theory]
    [InlineData("Register-VmUpdateTask", "ScriptPath", "/etc/hostname")]
    [InlineData("Register-VmUpdateTask", "ComputerName", "another")]
    [InlineData("Register-VmUpdateTask", "Credential", "another")]
    [InlineData("Get-VmUpdateTask", "ComputerName", "another")]
    [InlineData("Get-VmUpdateTask", "Session", "another")]
    [InlineData("Unregister-VmUpdateTask", "ConfigurationName", "another")]
    [InlineData("Set-VmUpdateTask", "Name", "x")]
    [InlineData("Connect-VmUpdateHost", "LabPath", "/")]
    [InlineData("Invoke-Expression", "Command", "1")]
    [InlineData("Get-Command", "Name", "*")]
    public void What_would_lead_out_of_the_endpoint_is_not_there(string command, string parameter, string value)
    {
        using var lab = new Lab(pooled: 0, personal: 1);
        using Runspace endpoint = Open(lab);
        Exception failure = Assert.ThrowsAny<RuntimeException>(() => Call(endpoint, command, new() { [parameter] = value }));
        Assert.True(failure is CommandNotFoundException or ParameterBindingException, $"{failure.GetType().Name}: {failure.Message}");
    }

    [Fact]
    public void A_caller_s_text_is_not_run()
    {
        using var lab = new Lab(pooled: 0, personal: 1);
        using Runspace endpoint = Open(lab);
        using var shell = Shell.Create(endpoint);
        Assert.ThrowsAny<RuntimeException>(() => shell.AddScript("[IO.File]::ReadAllText('/etc/hostname')").Invoke());
    }

    private static Collection<PSObject> Call(Runspace endpoint, string command, Dictionary<string, object> parameters)
    {
        using var shell = Shell.Create(endpoint);
        shell.AddCommand(command).AddParameters(parameters);
        Collection<PSObject> output = shell.Invoke();
        return shell.Streams.Error.Count == 0 ? output : throw shell.Streams.Error[0].Exception;
    }

    /// <summary>
    /// The endpoint's session, connected to the lab. PowerShell makes it of the two files with parts that this engine lacks, so it is made here
    /// by the same rules: a function for each visible cmdlet with its visible parameters, everything else private, no language.
    /// </summary>
    private static Runspace Open(Lab lab)
    {
        Hashtable session = Read("VmUpdate.pssc");
        Assert.Equal("Empty", session["SessionType"]);
        var state = InitialSessionState.CreateDefault2();
        state.ThrowOnRunspaceOpenError = true;
        state.ImportPSModule(Repository.Manifest);
        Runspace endpoint = RunspaceFactory.CreateRunspace(state);
        endpoint.Open();
        using (var shell = Shell.Create(endpoint))
        {
            shell.AddCommand("Connect-VmUpdateHost").AddParameter("LabPath", lab.Path).Invoke();
        }

        string[] shown = [.. ((object[])Read("RoleCapabilities/VmUpdateTasks.psrc")["VisibleCmdlets"]!).Cast<Hashtable>().Select(visible => Show(endpoint, visible))];
        foreach (CommandInfo command in endpoint.SessionStateProxy.InvokeCommand.GetCommands("*", Commands, nameIsPattern: true))
        {
            command.Visibility = command.CommandType == CommandTypes.Function && shown.Contains(command.Name) ? SessionStateEntryVisibility.Public : SessionStateEntryVisibility.Private;
        }

        endpoint.SessionStateProxy.Applications.Clear();
        endpoint.SessionStateProxy.Scripts.Clear();
        endpoint.SessionStateProxy.LanguageMode = Enum.Parse<PSLanguageMode>($"{session["LanguageMode"]}");
        return endpoint;
    }

    private static string Show(Runspace endpoint, Hashtable visible)
    {
        string name = $"{visible["Name"]}";
        var metadata = new CommandMetadata(endpoint.SessionStateProxy.InvokeCommand.GetCommand(name, CommandTypes.Cmdlet));
        string[] parameters = [.. ((object[])visible["Parameters"]!).Cast<Hashtable>().Select(parameter => $"{parameter["Name"]}")];
        Assert.Empty(parameters.Except(metadata.Parameters.Keys));
        foreach (string hidden in metadata.Parameters.Keys.Except(parameters).ToList())
        {
            metadata.Parameters.Remove(hidden);
        }

        using var shell = Shell.Create(endpoint);
        shell.AddScript($"function global:{metadata.Name} {{ {ProxyCommand.Create(metadata)} }}").Invoke();
        return metadata.Name;
    }

    private static Hashtable Read(string file)
    {
        Ast tree = Parser.ParseFile(Repository.PathOf("PSModule", file), out _, out ParseError[] errors);
        Assert.Empty(errors);
        return (Hashtable)tree.Find(node => node is HashtableAst, searchNestedScriptBlocks: false).SafeGetValue();
    }
}
