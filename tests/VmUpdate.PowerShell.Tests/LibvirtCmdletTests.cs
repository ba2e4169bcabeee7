using System.Management.Automation;
using System.Runtime.InteropServices;
using VmUpdate.PowerShell.Tests.Support;
using VmUpdate.Simulation.Support;

namespace VmUpdate.PowerShell.Tests;

/// <summary>The cmdlets on libvirt's mock driver: that hosts other than labs are connected to, looked at and declared.</summary>
public sealed class LibvirtCmdletTests
{
    [Fact]
    public void A_libvirt_host_is_connected_to_looked_at_and_declared()
    {
        Judges.Require(NativeLibrary.TryLoad("libvirt.so.0", out _), "The library libvirt.so.0 is not installed.");
        using var folder = new TestFolder();
        using var engine = new Engine();
        PSObject host = engine.RunWell("Connect-VmUpdateHost -LibvirtUri $1 -StorePath $2", Node(folder), folder.PathOf("store")).Single;
        Assert.Equal("Libvirt", host.Properties["Kind"].Value);
        Assert.StartsWith("test://", $"{host.Properties["Address"].Value}", StringComparison.Ordinal);
        Assert.Equal(["DESK-1 Running Ignored", "DESK-2 Off Ignored"], Machines(engine));

        engine.RunWell("Set-VmUpdateMachine DESK-1 -Role Personal");
        Assert.Equal(["DESK-1 Running Personal", "DESK-2 Off Ignored"], Machines(engine));
        Assert.Contains(engine.RunWell("Test-VmUpdateHost").Output, check => $"{check.Properties["Check"].Value} {check.Properties["Verdict"].Value}" == "Machines Ready");
    }

    [Fact]
    public void A_uri_that_leads_nowhere_is_one_clear_error_and_makes_no_store()
    {
        const string uri = "test:///nowhere-at-all.xml";
        Judges.Require(NativeLibrary.TryLoad("libvirt.so.0", out _), "The library libvirt.so.0 is not installed.");
        using var folder = new TestFolder();
        using var engine = new Engine();
        RunResult result = engine.Run("Connect-VmUpdateHost -LibvirtUri $1 -StorePath $2", uri, folder.PathOf("store"));
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Equal("HostNotReachable,VmUpdate.PowerShell.Commands.ConnectVmUpdateHostCommand", error.FullyQualifiedErrorId);
        Assert.Contains(uri, error.Exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.PathOf("store")));
    }

    [Fact]
    public void Where_libvirt_is_not_installed_one_error_says_so_and_how_to_install_it()
    {
        string[] connect = ["-Command", "Connect-VmUpdateHost -LibvirtUri qemu:///system"];
        string? library = new[] { "/usr/lib/x86_64-linux-gnu/libvirt.so.0", "/usr/lib/aarch64-linux-gnu/libvirt.so.0", "/usr/lib64/libvirt.so.0" }.FirstOrDefault(File.Exists);
        if (library is not null)
        {
            // Hidden for this one process, behind something that is no library.
            Judges.Require("unshare");
            Judges.Require(Environment.IsPrivilegedProcess, "To hide libvirt from a process needs root.");
        }

        (int exitCode, _, string error) = library is null ? ShellProcess.Run(connect) : ShellProcess.RunWithout(library, connect);
        Assert.Equal(1, exitCode);
        Assert.Contains("the library libvirt.so.0 is not on this computer. Install it: apt install libvirt0", error, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Machines(Engine engine) => engine.RunWell("Get-VmUpdateMachine").Output
        .Select(machine => $"{machine.Properties["VMName"].Value} {machine.Properties["State"].Value} {machine.Properties["Role"].Value}");

    /// <summary>A host of the mock driver's with two machines: 1 is the number of "running", 5 that of "shut off".</summary>
    private static string Node(TestFolder folder)
    {
        string path = folder.PathOf("node.xml");
        File.WriteAllText(path, $"<node>{Machine("DESK-1", 1)}{Machine("DESK-2", 5)}</node>");
        return "test://" + path;
    }

    private static string Machine(string name, int state) => $"""
        <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
          <name>{name}</name>
          <uuid>{Guid.NewGuid()}</uuid>
          <memory unit='MiB'>512</memory>
          <vcpu>1</vcpu>
          <os><type>hvm</type></os>
          <test:runstate>{state}</test:runstate>
        </domain>
        """;
}
