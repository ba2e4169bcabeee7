using VmUpdate.Core.Machines;

namespace VmUpdate.Libvirt;

/// <summary>
/// The servers of a machine's VHDX disks. QEMU runs no machine from a VHDX file that can also be saved, so <c>qemu-nbd</c> has the file
/// open and the machine is its one client. A server ends by itself when the machine leaves it, however the machine came to an end: then the
/// file is closed, and may be worked on.
/// </summary>
internal sealed class NbdServers : IDisposable
{
    private readonly List<NbdServer> _started;

    private NbdServers(List<NbdServer> started) => _started = started;

    /// <summary>Starts the servers that a machine needs to start. Disposed before <see cref="Keep"/>, they are ended again.</summary>
    /// <exception cref="HypervisorException">A file or a socket cannot be used; then no server is left running.</exception>
    internal static NbdServers Start(string name, IReadOnlyList<DomainDisk> disks, LibvirtOptions options)
    {
        var servers = new NbdServers([]);
        try
        {
            foreach (DomainDisk disk in disks.Where(disk => disk.Socket is not null))
            {
                var server = new NbdServer(name, disk, options);

                // One that is left of a start that failed in a process that died serves nobody.
                server.EndAsync(TimeSpan.Zero).GetAwaiter().GetResult();
                server.Start();
                servers._started.Add(server);
            }

            return servers;
        }
        catch
        {
            servers.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the servers of a machine that came to rest have closed their files; one that does not is told to end.</summary>
    internal static async Task EndAsync(string name, IReadOnlyList<DomainDisk> disks, LibvirtOptions options)
    {
        foreach (DomainDisk disk in disks.Where(disk => disk.Socket is not null))
        {
            await new NbdServer(name, disk, options).EndAsync(NbdServer.ClosingTime).ConfigureAwait(false);
        }
    }

    /// <summary>The machine runs: the servers are its own from here on.</summary>
    internal void Keep() => _started.Clear();

    public void Dispose()
    {
        foreach (NbdServer server in _started)
        {
            server.EndAsync(TimeSpan.Zero).GetAwaiter().GetResult();
        }
    }
}
