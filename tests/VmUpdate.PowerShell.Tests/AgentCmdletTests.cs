using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class AgentCmdletTests
{
    [Fact]
    public void The_agent_is_put_into_a_new_file_and_the_image_stays_as_it_was()
    {
        using var lab = new Lab(pooled: 2);
        SortedDictionary<string, string> before = lab.Hashes(withStore: false);
        string made = Path.Combine(lab.Beside, "agent.vhdx");
        RunResult result = lab.RunWell("Install-VmUpdateAgent -Path $1 -Destination $2", lab.OldMaster, made);
        Assert.Equal(["False"], result.All("WasInstalled"));
        Assert.Equal([made], result.All("Destination"));
        result.AssertPercents($"Putting the agent into '{lab.OldMaster}'");
        Assert.Contains(result.Warnings, warning => warning.Contains(".NET Framework", StringComparison.Ordinal));
        RunResult again = lab.RunWell("$1 | Install-VmUpdateAgent", made);
        Assert.Equal(["True"], again.All("WasInstalled"));
        Assert.Equal([Path.Combine(lab.Beside, "agent-agent.vhdx")], again.All("Destination"));
        Assert.Equal(["HostFileAlreadyExists"], lab.Run("Install-VmUpdateAgent -Path $1 -Destination $2", lab.OldMaster, made).ErrorIds);
        Assert.Equal(["HostFileNotFound"], lab.Run("Install-VmUpdateAgent -Path $1 -AgentPath $2", lab.OldMaster, lab.Beside).ErrorIds);
        Assert.Equal(["HostFileNotFound"], lab.Run("Install-VmUpdateAgent -Path $1", Path.Combine(lab.Beside, "none.vhdx")).ErrorIds);
        Assert.Equal(before, lab.Hashes(withStore: false));

        lab.RunWell("$null = Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", made);
    }

    [Fact]
    public void What_if_says_what_would_be_done_and_writes_nothing()
    {
        using var lab = new Lab(pooled: 1);
        string made = Path.Combine(lab.Beside, "agent.vhdx");
        Assert.Empty(lab.RunWell("Install-VmUpdateAgent -Path $1 -Destination $2 -WhatIf", lab.OldMaster, made).Output);
        Assert.False(File.Exists(made));
        Assert.Contains("files of the agent", lab.Engine.Host.Screen.TakeText(), StringComparison.Ordinal);
    }
}
