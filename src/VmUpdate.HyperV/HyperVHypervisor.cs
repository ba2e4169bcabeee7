using System.Collections.Concurrent;
using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

/// <summary>A host of Hyper-V machines.</summary>
/// <remarks>
/// It never ran on the machines that it was built on: every name, type and path of it is checked against the published schema instead, by
/// tests that are a small Hyper-V themselves. A machine that is in a state other than running, off, saved or paused is
/// <see cref="VmPowerState.Changing"/>.
/// </remarks>
public sealed partial class HyperVHypervisor : 
    IHypervisor, IUserSessions, IGuestChannel, IHostMetrics, IMachineTraits, IRollbackCheckpoints, IDiskAccess, IGuestPort,
    IBuildMachines, IDisposable
{
    private const int MostTries = 5;

    // Notes are read, changed and written whole: two who do so at once would lose a mark. Other processes are kept off by looking again.
    private static readonly ConcurrentDictionary<VmKey, SemaphoreSlim> Noting = new();

    private readonly ICimClient _client;
    private readonly HyperVCalls _calls;
    private readonly HyperVOptions _options;
    private readonly HyperVHost _host;
    private readonly Cluster _cluster;

    private HyperVHypervisor(ICimClient client, HyperVCalls calls, HyperVHost host, HyperVOptions options)
    {
        _client = client;
        _calls = calls;
        _host = host;
        _options = options;
        _cluster = new Cluster(client, options.Clock);
    }

    /// <inheritdoc/>
    public string HostId => _host.Id;

    /// <inheritdoc/>
    public string HostName => _host.Name;

    /// <inheritdoc/>
    public bool DisksAreHere => _host.IsHere;

    /// <inheritdoc/>
    public bool HasDifferencingDisks => true;

    /// <summary>Connects to a host.</summary>
    /// <param name="client">How its classes are reached; disposed with the host.</param>
    /// <param name="options">How it is worked with.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The host.</returns>
    /// <exception cref="HypervisorException">
    /// <see cref="HypervisorFailure.HostNotUsable"/>: it has no Hyper-V; <see cref="HypervisorFailure.AccessDenied"/>;
    /// <see cref="HypervisorFailure.HostNotReachable"/>.
    /// </exception>
    public static async Task<HyperVHypervisor> OpenAsync(ICimClient client, HyperVOptions options, CancellationToken cancellation)
    {
        try
        {
            var calls = new HyperVCalls(client, options);
            return new HyperVHypervisor(client, calls, await HyperVHost.ReadAsync(client, calls, cancellation).ConfigureAwait(false), options);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<VirtualMachine>> ListAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        IReadOnlyList<CimRecord> systems = await QueryAsync(Names.ComputerSystem.Class, "listing the virtual machines", cancellation).ConfigureAwait(false);
        ILookup<string, CimRecord> settings = (await QueryAsync(Names.SystemSettings.Class, "listing their settings", cancellation).ConfigureAwait(false))
            .ToLookup(setting => setting.Text(Names.SystemSettings.VirtualSystemIdentifier), StringComparer.OrdinalIgnoreCase);
        ILookup<string, CimRecord> files = (await QueryAsync(Names.StorageSettings.Class, "listing their disks", cancellation).ConfigureAwait(false))
            .ToLookup(file => OwnerOf(file.Text(Names.StorageSettings.InstanceId)), StringComparer.OrdinalIgnoreCase);
        IReadOnlyCollection<Guid> clustered = await _cluster.GetMachinesAsync(HostName, cancellation).ConfigureAwait(false);
        var machines = new List<VirtualMachine>();
        foreach (CimRecord system in systems)
        {
            string name = system.Text(Names.ComputerSystem.Name);

            // The host itself is one of them, and its name is no id.
            if (Guid.TryParse(name, out Guid id) && settings[name].Any(setting => TypeOf(setting) == HyperVValues.RealizedSystem))
            {
                machines.Add(Describe(new VmKey(HostId, id), system, settings[name], files[name], clustered.Contains(id)));
            }
        }

        return machines;
    }

    /// <inheritdoc/>
    public async Task<VirtualMachine> GetAsync(VmKey vm, CancellationToken cancellation)
    {
        CimRecord system = await FindAsync(vm, cancellation).ConfigureAwait(false);
        IReadOnlyList<CimRecord> settings = await ReadAllSettingsAsync(system, cancellation).ConfigureAwait(false);
        CimRecord present = settings.FirstOrDefault(setting => TypeOf(setting) == HyperVValues.RealizedSystem) ?? throw NotFound(vm);
        bool isClustered = (await _cluster.GetMachinesAsync(HostName, cancellation).ConfigureAwait(false)).Contains(vm.VmId);
        return Describe(vm, system, settings, await ReadFilesAsync(present, NameOf(system), cancellation).ConfigureAwait(false), isClustered);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, string>> GetMarksAsync(VmKey vm, CancellationToken cancellation)
    {
        CimRecord system = await FindAsync(vm, cancellation).ConfigureAwait(false);
        CimRecord settings = await ReadSettingsAsync(system, cancellation).ConfigureAwait(false);
        return VmNotes.Read(settings.Texts(Names.SystemSettings.Notes));
    }

    /// <inheritdoc/>
    public async Task SetMarkAsync(VmKey vm, string mark, string? text, CancellationToken cancellation)
    {
        CimRecord system = await FindAsync(vm, cancellation).ConfigureAwait(false);
        string name = NameOf(system);
        SemaphoreSlim noting = Noting.GetOrAdd(vm, _ => new SemaphoreSlim(1, 1));
        await noting.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            for (int tries = 1; ; tries++)
            {
                CimRecord settings = await ReadSettingsAsync(system, cancellation).ConfigureAwait(false);
                IReadOnlyList<string> notes = settings.Texts(Names.SystemSettings.Notes);
                if (VmNotes.Read(notes).TryGetValue(mark, out string? present) ? present == text : text is null)
                {
                    return;
                }

                if (tries > MostTries)
                {
                    throw new HypervisorException(
                        HypervisorFailure.VmBusy, name, $"the mark '{mark}' was noted {MostTries} times, and somebody else changed its notes each time.");
                }

                await ModifySettingsAsync(
                    settings.With(Names.SystemSettings.Notes, VmNotes.With(notes, mark, text)), name, $"noting the mark '{mark}'", cancellation)
                    .ConfigureAwait(false);
            }
        }
        finally
        {
            noting.Release();
        }
    }

    /// <summary>Ends the connection. The machines go on.</summary>
    public void Dispose() => _client.Dispose();

    private static string NameOf(CimRecord system) => system.Text(Names.ComputerSystem.ElementName);

    private static string TypeOf(CimRecord settings) => settings.Text(Names.SystemSettings.VirtualSystemType);

    /// <summary>The id of the settings that a device's settings belong to: the first part of <c>Microsoft:ID\...</c>.</summary>
    private static string OwnerOf(string instanceId)
    {
        int start = instanceId.IndexOf(':') + 1;
        int end = instanceId.IndexOf('\\', start);
        return end < 0 ? instanceId.Substring(start) : instanceId.Substring(start, end - start);
    }

    private static VirtualMachine Describe(
        VmKey key, CimRecord system, IEnumerable<CimRecord> settings, IEnumerable<CimRecord> files, bool isClustered)
    {
        // After a checkpoint was deleted, or while a backup is made, the disk is a differencing one of Hyper-V's own that waits to be merged.
        bool hasCheckpoints = settings.Any(VmManagers.IsCheckpoint)
            || files.Any(file => VmDrives.PathOf(file).EndsWith(".avhdx", StringComparison.OrdinalIgnoreCase));
        return new VirtualMachine(
            key, NameOf(system), StateOf(system), hasCheckpoints, VmManagers.Of(system, settings, files, isClustered));
    }

    private HypervisorException NotFound(VmKey vm) => new(
        HypervisorFailure.VmNotFound, vm.VmId.ToString(), $"{HostName} has no such virtual machine: it was deleted, or it left this host.");

    private Task<IReadOnlyList<CimRecord>> QueryAsync(string className, string what, CancellationToken cancellation) =>
        _calls.QueryAsync(new CimQuery(Names.VirtualizationNamespace, className), HostName, what, cancellation);

    private async Task<CimRecord> FindAsync(VmKey vm, CancellationToken cancellation)
    {
        if (!string.Equals(vm.HostId, HostId, StringComparison.Ordinal))
        {
            throw new HypervisorException(
                HypervisorFailure.WrongHost, vm.ToString(), $"the virtual machine is not one of {HostName} ({HostId}).");
        }

        cancellation.ThrowIfCancellationRequested();
        IReadOnlyList<CimRecord> found = await _calls.QueryAsync(
            new CimQuery(Names.VirtualizationNamespace, Names.ComputerSystem.Class, Names.ComputerSystem.Name, vm.VmId.ToString("D").ToUpperInvariant()),
            vm.VmId.ToString(),
            "looking for the virtual machine",
            cancellation).ConfigureAwait(false);
        return found.Count > 0 ? found[0] : throw NotFound(vm);
    }

    private async Task<CimRecord> ReadSettingsAsync(CimRecord system, CancellationToken cancellation)
    {
        IReadOnlyList<CimRecord> settings = await _calls.AssociatorsAsync(
            system.Path,
            new CimAssociation(
                Names.SettingsDefineState.Class,
                Names.SettingsDefineState.ManagedElement,
                Names.SettingsDefineState.SettingData,
                Names.SystemSettings.Class),
            NameOf(system),
            "reading its settings",
            cancellation).ConfigureAwait(false);
        return settings.FirstOrNone() ?? throw new HypervisorException(
            HypervisorFailure.VmNotFound, NameOf(system), "its settings are gone: it was deleted, or it left this host.");
    }

    private Task<IReadOnlyList<CimRecord>> ReadComponentsAsync(CimRecord settings, string className, string name, CancellationToken cancellation) =>
        _calls.AssociatorsAsync(
            settings.Path,
            new CimAssociation(
                Names.SettingsComponent.Class, Names.SettingsComponent.GroupComponent, Names.SettingsComponent.PartComponent, className),
            name,
            "reading its devices",
            cancellation);

    private Task<IReadOnlyList<CimRecord>> ReadFilesAsync(CimRecord settings, string name, CancellationToken cancellation) =>
        ReadComponentsAsync(settings, Names.StorageSettings.Class, name, cancellation);

    private Task<IReadOnlyList<CimRecord>> ReadDevicesAsync(CimRecord system, string className, CancellationToken cancellation) =>
        _calls.AssociatorsAsync(
            system.Path,
            new CimAssociation(Names.SystemDevice.Class, Names.SystemDevice.GroupComponent, Names.SystemDevice.PartComponent, className),
            NameOf(system),
            "asking its guest's services",
            cancellation);

    private async Task ModifySettingsAsync(CimRecord settings, string name, string what, CancellationToken cancellation) => await _calls.DoAsync(
        await _calls.GetServiceAsync(name, cancellation).ConfigureAwait(false),
        Names.ManagementService.ModifySystemSettings,
        new() { [Names.ManagementService.SystemSettings] = CimXml.Write(settings) },
        name,
        what,
        cancellation).ConfigureAwait(false);
}
