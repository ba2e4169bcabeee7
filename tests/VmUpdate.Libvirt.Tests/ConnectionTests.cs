using System.Runtime.InteropServices;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.RealQemu;
using Xunit;

namespace VmUpdate.Libvirt.Tests;

/// <summary>Hosts that cannot be connected to, and what is said of each.</summary>
[Collection("real QEMU")]
public sealed class ConnectionTests
{
    private const uint Nobody = 65534;

    [Theory]
    [InlineData("qemo+unix:///system?socket=", HypervisorFailure.HostNotUsable)]
    [InlineData("qemu+unix:///sistem?socket=", HypervisorFailure.HostNotUsable)]
    [InlineData("qemu+pigeon:///system", HypervisorFailure.HostNotUsable)]
    [InlineData("not a uri", HypervisorFailure.HostNotUsable)]
    [InlineData("", HypervisorFailure.HostNotUsable)]
    [InlineData("qemu+unix:///system?socket=/absent/socket", HypervisorFailure.HostNotReachable)]
    [InlineData("qemu+tcp://localhost:1/system", HypervisorFailure.HostNotReachable)]
    public void A_wrong_uri_says_what_is_wrong_and_what_to_do(string uri, HypervisorFailure expected)
    {
        PrivateLibvirtd.Require();
        if (uri.EndsWith('='))
        {
            uri += PrivateLibvirtd.Shared.Socket;
        }

        HypervisorException failure = Assert.Throws<HypervisorException>(() => Open(uri));
        Assert.True(expected == failure.Failure, failure.Message);
        Assert.Contains(expected == HypervisorFailure.HostNotUsable ? "A URI is like" : "See that libvirtd runs", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_may_not_talk_to_libvirtd_is_told_whom_to_be()
    {
        PrivateLibvirtd.Require();
        string uri = PrivateLibvirtd.Shared.Uri;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            // The kernel keeps whose files may be opened for each thread.
            _ = SetFileUser(Nobody);
            failure = Record.Exception(() => Open(uri));
        });
        thread.Start();
        thread.Join();
        HypervisorException denied = Assert.IsType<HypervisorException>(failure);
        Assert.True(denied.Failure == HypervisorFailure.AccessDenied, denied.Message);
        Assert.Contains("group libvirt", denied.Message, StringComparison.Ordinal);
    }

    private static void Open(string uri) => LibvirtHypervisor.Open(uri, new LibvirtOptions { Files = new HostFileSystem() }).Dispose();

    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetFileUser(uint user);
}
