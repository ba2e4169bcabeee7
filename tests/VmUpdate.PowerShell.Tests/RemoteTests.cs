using System.Management.Automation.Remoting;
using System.Management.Automation.Runspaces;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

/// <summary>Remote prompts: the same cmdlet in a session elsewhere. Here a session of the engine's own over a pipe stands for another computer.</summary>
public sealed class RemoteTests
{
    [Theory]
    [InlineData("ComputerName", "System.String[] [CN] AliasAttribute ParameterAttribute ValidateNotNullOrEmptyAttribute, __AllParameterSets, pipeline by name: True")]
    [InlineData("Session", "System.Management.Automation.Runspaces.PSSession[] [] ParameterAttribute ValidateNotNullOrEmptyAttribute, __AllParameterSets, pipeline by name: False")]
    [InlineData("Credential", "System.Management.Automation.PSCredential [] CredentialAttribute ParameterAttribute, __AllParameterSets, pipeline by name: False")]
    [InlineData("ConfigurationName", "System.String [] ParameterAttribute ValidateNotNullOrEmptyAttribute, __AllParameterSets, pipeline by name: False")]
    public void The_cmdlets_that_work_elsewhere_say_where_in_the_same_words(string parameter, string expected)
    {
        using var engine = new Engine();
        RunResult result = engine.RunWell(
            """
            foreach ($command in Get-Command Register-VmUpdateTask, Get-VmUpdateTask, Unregister-VmUpdateTask) {
                $said = $command.Parameters[$1]
                $kinds = $said.Attributes | ForEach-Object { $_.GetType().Name } | Where-Object { $_ -notlike 'Nullable*' }
                [Array]::Sort($kinds)
                $set = $said.ParameterSets['__AllParameterSets']
                "$($said.ParameterType.FullName) [$($said.Aliases)] $kinds, $($said.ParameterSets.Keys), pipeline by name: $($set.ValueFromPipelineByPropertyName)"
            }
            """,
            parameter);
        Assert.Equal(Enumerable.Repeat(expected, 3), result.Output.Select(said => $"{said}"));
    }

    [Fact]
    public void A_task_is_registered_seen_and_removed_in_a_session_elsewhere()
    {
        using var lab = new Lab(pooled: 0, personal: 2);
        using var prompt = new Engine();
        string pipe = $"vmupdate-{Guid.NewGuid():N}";
        RemoteSessionNamedPipeServer.CreateCustomNamedPipeServer(pipe);
        using Runspace elsewhere = RunspaceFactory.CreateRunspace(new NamedPipeConnectionInfo(pipe));
        elsewhere.Open();
        using (var shell = System.Management.Automation.PowerShell.Create())
        {
            shell.Runspace = elsewhere;
            shell.AddScript($"Import-Module '{Repository.Manifest}'; $null = Connect-VmUpdateHost '{lab.Path}'").Invoke();
            Assert.Empty(shell.Streams.Error);
        }

        PSSession session = PSSession.Create(elsewhere, "pipe", null);
        string script = Path.Combine(lab.Beside, "fix.ps1");
        File.WriteAllText(script, "fix");
        RunResult made = prompt.RunWell("Register-VmUpdateTask -Name Fix -Kind Configuration -ScriptPath $2 -VMName DESK-0? -Urgent -Timeout 5m -PassThru -Session $1", session, script);
        Assert.Equal("Fix 2 00:05:00", string.Join(' ', new[] { "TaskName", "OpenRuns", "Timeout" }.Select(name => $"{made.Single.Properties[name].Value}")));
        Assert.Equal("fix.ps1 fix", string.Join(' ', new[] { "PayloadName", "PayloadText" }.Select(name => $"{prompt.RunWell("Get-VmUpdateTask F* -Detailed -Session $1", session).Single.Properties[name].Value}")));
        Assert.Equal(["TaskNameTaken"], prompt.Run("Register-VmUpdateTask Fix x -Kind Configuration -VMName DESK-01 -Session $1", session).ErrorIds);
        prompt.RunWell("Unregister-VmUpdateTask Fix -WhatIf -Session $1", session);
        Assert.Equal(["Fix"], lab.RunWell("Get-VmUpdateTask").All("TaskName"));
        prompt.RunWell("Unregister-VmUpdateTask Fix -Force -Session $1", session);
        Assert.Empty(lab.RunWell("Get-VmUpdateTask").Output);
    }
}
