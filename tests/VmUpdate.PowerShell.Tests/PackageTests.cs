using System.Diagnostics;
using System.IO.Compression;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class PackageTests
{
    [Fact]
    public void The_package_holds_what_the_module_needs_and_works_where_it_is_unpacked()
    {
        using var folder = new TestFolder();
        Run("msbuild", Repository.PathOf("src", "VmUpdate.PowerShell"), "-t:PackageModule", "-p:NoBuild=true", $"-p:PackageRoot={folder.Path}/");

        string zip = Assert.Single(Directory.EnumerateFiles(folder.Path, "*.zip"));
        string modules = folder.PathOf("modules");
        ZipFile.ExtractToDirectory(zip, Path.Combine(modules, "VmUpdate"));
        string manifest = Assert.Single(Directory.EnumerateFiles(modules, "VmUpdate.psd1", SearchOption.AllDirectories));
        string root = Path.GetDirectoryName(manifest)!;
        Assert.All(
            new[]
            {
                "LICENSE", "README.md", "en-US/about_VmUpdate.help.txt", "PSModule/examples/QuickStart.ps1",
                "PSModule/catalogue/catalogue.schema.json", "PSModule/catalogue/computer-name.json", "PSModule/bin/net472/VmUpdate.PowerShell.dll", "PSModule/bin/net472/deps/System.Memory.dll",
                "PSModule/bin/net472/deps/runtimes/win-x64/e_sqlite3.dll", "PSModule/bin/net8.0/deps/runtimes/linux-x64/libe_sqlite3.so",
                "PSModule/agent/vmupdate-agent.exe", "PSModule/agent/vmupdate-agent.exe.config", "PSModule/agent/System.Text.Json.dll",
            },
            name => Assert.True(File.Exists(Path.Combine(root, name)), name));
        Assert.DoesNotContain(Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories), file => Path.GetFileName(file) == "System.Management.Automation.dll");

        using var engine = new Engine(manifest);
        RunResult result = engine.RunWell(
            "$lab = New-VmUpdateLab $1 -PooledVmCount 2; $null = $lab | Connect-VmUpdateHost; Update-PooledVmImage PC-01 $lab.NewMasterPath -Force",
            folder.PathOf("lab"));
        Assert.Equal(["Updated"], result.All("State"));
        Assert.Contains("Moves pooled", engine.RunWell("(Get-Help Update-PooledVmImage).Synopsis").Single.ToString(), StringComparison.Ordinal);
        engine.RunWell("$null = Get-Help about_VmUpdate");
    }

    private static void Run(params string[] arguments)
    {
        using Process build = Process.Start(new ProcessStartInfo("dotnet", [.. arguments, "-nologo", "-v:q", "-nodeReuse:false"]) { RedirectStandardOutput = true })!;
        string output = build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        Assert.True(build.ExitCode == 0, output);
    }
}
