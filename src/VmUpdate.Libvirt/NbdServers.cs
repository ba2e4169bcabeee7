using VmUpdate.Core.Machines;

namespace VmUpdate.Libvirt;

/// <summary>
/// The servers of a machine's VHDX disks. QEMU runs no machine from a VHDX file that can also be saved, so <c>qemu-nbd</c> has the file
/// open and the machine is its one client. A server ends by itself when the machine leaves it, however the machine came to an end: then the
/// file is closed, and may be worked on.
/// </summary>
internal sealed class NbdServers : IDisposable
{
    private readonly IReadOnlyList<NbdServer> _servers;
    private readonly List<IDisposable> _locks = [];

    private NbdServers(IReadOnlyList<NbdServer> servers) => _servers = servers;

    /// <summary>Takes the servers of a machine for a start; a second starter waits until the first is done.</summary>
    /// <exception cref="HypervisorException">A socket's folder cannot be used, or another start does not come to an end.</exception>
    internal static NbdServers Take(string name, IReadOnlyList<DomainDisk> disks, LibvirtOptions options)
    {
        var servers = new NbdServers(disks.Where(disk => disk.Socket is not null).Select(disk => new NbdServer(name, disk, options)).ToList());
        try
        {
            servers._locks.AddRange(servers._servers.Select(server => server.Lock()));
            return servers;
        }
        catch
        {
            servers.Dispose();
            throw;
        }
    }

    /// <summary>Starts them. One that no machine has come to when this is disposed is ended again.</summary>
    /// <exception cref="HypervisorException">A file or a socket cannot be used.</exception>
    internal void Start()
    {
        foreach (NbdServer server in _servers)
        {
            // One that is left of a start that failed in a process that died serves nobody.
            server.EndAsync(TimeSpan.Zero).GetAwaiter().GetResult();
            server.Start();
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

    public void Dispose()
    {
        try
        {
            // Whether the machine started is not asked of libvirt, which may have gone away in the middle.
            foreach (NbdServer server in _servers.Take(_locks.Count).Where(server => !server.HasClient()))
            {
                server.EndAsync(TimeSpan.Zero).GetAwaiter().GetResult();
            }
        }
        finally
        {
            _locks.ForEach(taken => taken.Dispose());
        }
    }
}
