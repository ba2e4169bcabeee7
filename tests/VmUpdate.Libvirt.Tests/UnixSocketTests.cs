using System.Net.Sockets;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Libvirt.Tests;

/// <summary>The address of a machine's channel: netstandard2.0 has none, and the one made there must be what the kernel takes.</summary>
public sealed class UnixSocketTests
{
    [Fact]
    public async Task A_socket_is_reached_by_its_path()
    {
        Assert.SkipUnless(Socket.OSSupportsUnixDomainSockets && !OperatingSystem.IsWindows(), "Channels are unix sockets on Linux hosts.");
        using var folder = new TempFolder();
        string path = folder.File("\u00e4 'port'");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(UnixSocket.At(path));
        using Socket accepted = await listener.AcceptAsync();
        await socket.SendAsync(new byte[] { 7 });
        byte[] received = new byte[1];
        Assert.Equal((1, 7), (await accepted.ReceiveAsync(received), received[0]));
    }

    [Fact]
    public void A_path_that_is_too_long_for_the_kernel_is_refused() =>
        Assert.ThrowsAny<ArgumentException>(() => UnixSocket.At("/" + new string('x', 200)));
}
