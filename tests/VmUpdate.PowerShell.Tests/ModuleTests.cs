using System.Management.Automation;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class ModuleTests
{
    private static readonly string[] Expected =
    [
        "Clear-VmIdentity", "Connect-VmUpdateHost", "Export-VmIdentity", "Get-PooledVmImage", "Get-PooledVmImageVersion", "Get-VmIdentity", "Get-VmUpdateHost",
        "Get-VmUpdateMachine", "Get-VmUpdatePool", "Get-VmUpdateRun", "Get-VmUpdateTask", "Import-VmIdentity", "Install-VmUpdateAgent", "Invoke-VmUpdateBroker",
        "New-PooledVmImageVersion", "New-VmIdentityStoreKey", "New-VmUpdateLab", "New-VmUpdateLabMachine", "New-VmUpdatePool", "Register-VmUpdateTask",
        "Remove-PooledVmOldDisk", "Remove-VmUpdatePool", "Restore-PooledVmImage", "Resume-VmUpdateTask", "Set-VmUpdateHost",
        "Set-VmUpdateLabHost", "Set-VmUpdateLabMachine", "Set-VmUpdateMachine", "Set-VmUpdatePool", "Set-VmUpdateTask", "Stop-VmUpdateRun",
        "Suspend-VmUpdateTask", "Test-PooledVmImage", "Test-VmIdentity", "Test-VmImage", "Test-VmUpdateHost", "Unregister-VmUpdateTask",
        "Update-PooledVmImage",
    ];

    [Fact]
    public void The_module_exports_its_cmdlets_and_nothing_else()
    {
        using var engine = new Engine();
        IEnumerable<string> names = engine.RunWell("Get-Command -Module VmUpdate | ForEach-Object Name").Output.Select(name => name.ToString());
        Assert.Equal(Expected, names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_manifest_is_valid_and_has_the_version_of_the_build()
    {
        using var engine = new Engine();
        PSObject manifest = engine.RunWell("Test-ModuleManifest $1", Repository.Manifest).Single;
        string props = File.ReadAllText(Repository.PathOf("Directory.Build.props"));
        Assert.Contains($"<VersionPrefix>{manifest.Properties["Version"].Value}</VersionPrefix>", props, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("7.3.9")]
    [InlineData("6.2.0")]
    public void An_older_PowerShell_is_told_which_one_is_needed(string version)
    {
        using var engine = new Engine();
        RunResult result = engine.Run(LoaderWith("Core", version));
        Assert.Contains("PowerShell 7.4 or later", Assert.Single(result.Errors).Exception.Message, StringComparison.Ordinal);
        Assert.Contains(version, result.Errors[0].Exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Desktop", "5.1.19041.1", "net472")]
    [InlineData("Core", "7.4.0", "net8.0")]
    [InlineData("Core", "8.0.0", "net8.0")]
    public void Each_PowerShell_gets_the_assemblies_of_its_framework(string edition, string version, string framework)
    {
        using var engine = new Engine();
        string loader = LoaderWith(edition, version).Replace("Import-Module -Name $assembly", "$assembly", StringComparison.Ordinal)
            .Replace("Export-ModuleMember -Cmdlet *", string.Empty, StringComparison.Ordinal);
        Assert.EndsWith(
            Path.Combine("bin", framework, "VmUpdate.PowerShell.dll"), engine.RunWell(loader).Single.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_that_was_not_built_says_how_to_build_it()
    {
        using var engine = new Engine();
        RunResult result = engine.Run(LoaderWith("Core", "7.5.0", moduleFolder: Path.GetTempPath()));
        Assert.Contains("dotnet build", Assert.Single(result.Errors).Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_module_can_be_removed_and_imported_again()
    {
        using var engine = new Engine();
        engine.RunWell("Remove-Module VmUpdate; Import-Module $1; Get-Command Get-VmIdentity", Repository.Manifest);
    }

    [Fact]
    public void No_dependency_lies_where_PowerShell_would_load_it_for_other_modules()
    {
        foreach (string framework in new[] { "net8.0", "net472" })
        {
            string folder = Repository.PathOf("PSModule", "bin", framework);
            if (Directory.Exists(folder))
            {
                IEnumerable<string> names = Directory.EnumerateFiles(folder, "*.dll").Select(Path.GetFileName).Order(StringComparer.Ordinal)!;
                Assert.All(names, name => Assert.StartsWith("VmUpdate.", name, StringComparison.Ordinal));
            }
        }
    }

    /// <summary>The loader's text with another PowerShell's version in it.</summary>
    private static string LoaderWith(string edition, string version, string? moduleFolder = null)
    {
        string text = File.ReadAllText(Repository.PathOf("PSModule", "VmUpdate.psm1"))
            .Replace("$PSVersionTable", "$table", StringComparison.Ordinal)
            .Replace("$PSScriptRoot", $"'{moduleFolder ?? Repository.PathOf("PSModule")}'", StringComparison.Ordinal);
        return $"$table = @{{ PSEdition = '{edition}'; PSVersion = [version]'{version}' }}\n{text}";
    }
}
