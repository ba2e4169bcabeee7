using System.Management.Automation;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

/// <summary>The ways to Hyper-V hosts, where there is no Windows. What happens behind them is tested with the schema and a small Hyper-V.</summary>
public sealed class HyperVCmdletTests
{
    [Theory]
    [InlineData("Connect-VmUpdateHost", "this computer")]
    [InlineData("Connect-VmUpdateHost -HyperV", "this computer")]
    [InlineData("Connect-VmUpdateHost -GuestCredential ([pscredential]::new('u', [Net.NetworkCredential]::new('', 'x').SecurePassword))", "this computer")]
    [InlineData("Connect-VmUpdateHost -ComputerName HV01", "HV01")]
    [InlineData("Connect-VmUpdateHost -ComputerName HV01 -Credential ([pscredential]::new('d\\u', [Net.NetworkCredential]::new('', 'x').SecurePassword))", "HV01")]
    [InlineData("Connect-VmUpdateHost -CimSession ([pscustomobject] @{ PSTypeName = 'Microsoft.Management.Infrastructure.CimSession' })", "the session's computer")]
    public void Without_Windows_each_way_to_a_Hyper_V_host_is_one_clear_error(string command, string subject)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "This is Windows.");
        using var folder = new TestFolder();
        using var engine = new Engine();
        RunResult result = engine.Run($"{command} -StorePath $1", folder.PathOf("store"));
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Equal("HostNotUsable,VmUpdate.PowerShell.Commands.ConnectVmUpdateHostCommand", error.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.ResourceUnavailable, error.CategoryInfo.Category);
        Assert.StartsWith($"{subject}: Hyper-V hosts are reached from Windows only.", error.Exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.PathOf("store")));
    }

    [Fact]
    public void Guests_of_another_host_are_not_reached_by_PowerShell_Direct()
    {
        using var engine = new Engine();
        Assert.StartsWith(
            "AmbiguousParameterSet,",
            Assert.Single(engine.Run("Connect-VmUpdateHost -ComputerName HV01 -GuestCredential ([pscredential]::Empty)").Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_session_is_refused_before_anything_is_asked()
    {
        using var engine = new Engine();
        Assert.Contains("CimSession", Assert.Single(engine.Run("Connect-VmUpdateHost -CimSession 'HV01'").Errors).Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_build_for_Windows_PowerShell_loads_in_the_engine_without_touching_the_client_of_Windows()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "This is Windows.");
        string build = Directory.EnumerateFiles(Repository.PathOf("src", "VmUpdate.HyperV", "bin"), "VmUpdate.HyperV.dll", SearchOption.AllDirectories)
            .First(path => path.Contains("netstandard2.0", StringComparison.Ordinal));
        Assert.False(File.Exists(Path.Combine(Path.GetDirectoryName(build)!, "Microsoft.Management.Infrastructure.dll")));
        using var engine = new Engine();
        string thrown = engine.RunWell(
            "$assembly = [Reflection.Assembly]::LoadFile($1); try { $assembly.GetType('VmUpdate.HyperV.HyperVConnection').GetMethod('ToThisComputer').Invoke($null, @()) } "
            + "catch { $_.Exception.GetBaseException().GetType().Name + ': ' + $_.Exception.GetBaseException().Message }",
            build).Single.ToString();
        Assert.StartsWith("HypervisorException: this computer: Hyper-V hosts are reached from Windows only.", thrown, StringComparison.Ordinal);
    }
}
