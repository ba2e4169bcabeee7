using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

/// <summary>A host of QEMU or KVM machines, by its libvirt.</summary>
/// <remarks>
/// The C library libvirt.so.0 is loaded by <see cref="Open"/>. A connection that broke is made again by the next call. A machine of which
/// libvirt says anything but that it runs, is off, saved or paused is <see cref="VmPowerState.Changing"/>.
/// </remarks>
public sealed partial class LibvirtHypervisor : IHypervisor, IUserSessions, IGuestChannel, IHostMetrics, IGuestPort, IBuildMachines, IDisposable
{
    private readonly LibvirtConnection _connection;
    private readonly LibvirtOptions _options;
    private readonly LibvirtHost _host;
    private readonly ConcurrentDictionary<Guid, string> _managers = new();
    private readonly IDisposable _watching;

    private LibvirtHypervisor(LibvirtConnection connection, LibvirtHost host, LibvirtOptions options)
    {
        _connection = connection;
        _host = host;
        _options = options;
        _watching = connection.Events.Watch(Forget);
    }

    /// <inheritdoc/>
    public string HostId => _host.Id;

    /// <inheritdoc/>
    public string HostName => _host.Name;

    /// <summary>The URI that the host was opened by.</summary>
    public string Uri => _connection.Uri;

    /// <inheritdoc/>
    public bool DisksAreHere => _host.IsHere;

    /// <inheritdoc/>
    /// <remarks>QEMU reads differencing VHDX files as if they had no parent.</remarks>
    public bool HasDifferencingDisks => false;

    /// <summary>Connects to a host.</summary>
    /// <param name="uri">libvirt's URI: <c>qemu:///system</c>, <c>qemu+ssh://root@kvm01/system</c>.</param>
    /// <param name="options">How it is worked with.</param>
    /// <returns>The host.</returns>
    /// <exception cref="HypervisorException">
    /// <see cref="HypervisorFailure.HostNotUsable"/>: libvirt is not installed here, or the URI is none;
    /// <see cref="HypervisorFailure.AccessDenied"/>; <see cref="HypervisorFailure.HostNotReachable"/>.
    /// </exception>
    public static LibvirtHypervisor Open(string uri, LibvirtOptions options)
    {
        if (!uri.Contains("://") || !System.Uri.TryCreate(uri, UriKind.Absolute, out _))
        {
            throw LibvirtErrors.OfUri(uri);
        }

        var connection = new LibvirtConnection(uri);
        try
        {
            LibvirtHost host = connection.Use(handle => LibvirtHost.Read(handle, uri));
            return new LibvirtHypervisor(connection, host, options);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<VirtualMachine>> ListAsync(CancellationToken cancellation) => _connection.RunAsync(List, cancellation);

    /// <inheritdoc/>
    public Task<VirtualMachine> GetAsync(VmKey vm, CancellationToken cancellation) => WithAsync(
        vm,
        domain =>
        {
            int snapshots = VirApi.CountSnapshots(domain.Handle, 0);
            if (snapshots < 0 && LibvirtError.Last() is { Code: not LibvirtError.NoSupport } error)
            {
                throw LibvirtErrors.Translate(error, domain.Name, "asking for its snapshots");
            }

            return new VirtualMachine(vm, domain.Name, domain.GetState(), snapshots > 0, ManagerOf(domain, vm.VmId));
        },
        cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, string>> GetMarksAsync(VmKey vm, CancellationToken cancellation) =>
        WithAsync(vm, domain => ReadDefinition(domain).ReadMarks(), cancellation);

    /// <inheritdoc/>
    public Task SetMarkAsync(VmKey vm, string mark, string? text, CancellationToken cancellation) => WithAsync(
        vm,
        domain =>
        {
            DomainMarks.Set(domain, mark, text);
            return true;
        },
        cancellation);

    /// <summary>Ends the connection. The machines go on.</summary>
    public void Dispose()
    {
        _watching.Dispose();
        _connection.Dispose();
    }

    private static Dictionary<Guid, IntPtr> ListHandles(IntPtr connection, uint flags, List<IntPtr> toFree)
    {
        int count = VirApi.ListDomains(connection, out IntPtr array, flags);
        if (count < 0)
        {
            throw LibvirtErrors.Last("libvirt", "listing the virtual machines");
        }

        try
        {
            var handles = new Dictionary<Guid, IntPtr>(count);
            for (int i = 0; i < count; i++)
            {
                IntPtr handle = Marshal.ReadIntPtr(array, i * IntPtr.Size);
                toFree.Add(handle);
                if (Domain.ReadId(handle) is { } id)
                {
                    handles[id] = handle;
                }
            }

            return handles;
        }
        finally
        {
            VirApi.Free(array);
        }
    }

    private static DomainDefinition ReadDefinition(Domain domain) =>
        DomainDefinition.Parse(domain.GetXml(VirApi.XmlInactive | VirApi.XmlSecure), domain.Name);

    private static VirtualMachine? Describe(VmKey key, Domain domain, bool isSaved, bool hasSnapshots, Func<string> managedBy)
    {
        if (VirApi.GetState(domain.Handle, out int state, out int reason, 0) < 0)
        {
            LibvirtError error = LibvirtError.Last();

            // Gone since it was listed: it is none of the host's machines any more.
            return error.Code == LibvirtError.NoDomain ? null : throw LibvirtErrors.Translate(error, domain.Name, "asking for its state");
        }

        return new VirtualMachine(key, domain.Name, DomainStates.Of(state, reason, () => isSaved), hasSnapshots, managedBy());
    }

    private IReadOnlyList<VirtualMachine> List(IntPtr connection)
    {
        var toFree = new List<IntPtr>();
        try
        {
            // What is saved and what has snapshots is asked for all at once, the state of each by itself.
            Dictionary<Guid, IntPtr> saved = ListHandles(connection, VirApi.ListWithManagedSave, toFree);
            Dictionary<Guid, IntPtr> withSnapshots = ListHandles(connection, VirApi.ListWithSnapshots, toFree);
            var machines = new List<VirtualMachine>();
            foreach (KeyValuePair<Guid, IntPtr> listed in ListHandles(connection, 0, toFree))
            {
                using Domain domain = Domain.Of(listed.Value);
                if (Describe(
                    new VmKey(HostId, listed.Key),
                    domain,
                    saved.ContainsKey(listed.Key),
                    withSnapshots.ContainsKey(listed.Key),
                    () => ManagerOf(domain, listed.Key)) is { } machine)
                {
                    machines.Add(machine);
                }
            }

            return machines;
        }
        finally
        {
            Domain.Free(toFree);
        }
    }

    private Task<T> WithAsync<T>(VmKey vm, Func<Domain, T> work, CancellationToken cancellation)
    {
        RequireHost(vm);
        return _connection.RunAsync(
            connection =>
            {
                using Domain domain = Domain.Find(connection, vm.VmId);
                return work(domain);
            },
            cancellation);
    }

    private void RequireHost(VmKey vm)
    {
        if (!string.Equals(vm.HostId, HostId, StringComparison.Ordinal))
        {
            throw new HypervisorException(
                HypervisorFailure.WrongHost, vm.ToString(), $"the virtual machine is not one of {HostName} ({HostId}).");
        }
    }

    // It is in the description, which is long: it is read once, and again when libvirt says that something happened to the machine.
    private string ManagerOf(Domain domain, Guid id) => _managers.GetOrAdd(id, _ => ReadDefinition(domain).ManagedBy);

    private void Forget(Guid vm)
    {
        if (vm == Guid.Empty)
        {
            _managers.Clear();
        }
        else
        {
            _managers.TryRemove(vm, out _);
        }
    }
}
