using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Lab;

/// <summary>
/// A hypervisor in a folder: its disks are real VHDX files, its machines' power states are made up. It refuses what a real one refuses,
/// survives its process, and may be used by several at once.
/// </summary>
public sealed partial class LabHypervisor : IHypervisor, IUserSessions, IGuestChannel, IHostMetrics, IGuestTasks, IGuestPort, IBuildMachines
{
    private const string HostRecord = "lab";
    private const string MachineFolderName = "machines";

    private readonly LabOptions _options;
    private readonly LabHostState _host;
    private readonly IHostFolder _machines;
    private readonly DateTime _openedUtc;
    private int _calls;

    private LabHypervisor(string folder, LabHostState host, IHostFolder machines, LabOptions options)
    {
        Folder = folder;
        _host = host;
        _machines = machines;
        _options = options;
        _openedUtc = options.Clock.UtcNow;
        _voices = new LabGuestVoices(HearGuest, options.Clock, LookEvery);
    }

    /// <summary>The lab's folder.</summary>
    public string Folder { get; }

    /// <summary>Where the lab keeps what VmUpdate's store would be for a host.</summary>
    public string StoreFolder => Path.Combine(Folder, "store");

    /// <summary>Where identities are kept that are copied out in the lab.</summary>
    public string IdentityFolder => Path.Combine(Folder, "identities");

    /// <summary>Where the lab's disks are.</summary>
    public string DiskFolder => Path.Combine(Folder, "disks");

    /// <summary>Where the lab's masters are.</summary>
    public string MasterFolder => Path.Combine(Folder, "masters");

    /// <inheritdoc/>
    public string HostId => $"lab-{_host.Id:N}";

    /// <inheritdoc/>
    public string HostName => _host.Name;

    /// <inheritdoc/>
    public bool DisksAreHere => true;

    /// <inheritdoc/>
    public bool HasDifferencingDisks => _options.HasDifferencingDisks;

    /// <summary>How long the machines take.</summary>
    public LabTimings Timings => _host.Timings;

    private IHostFileSystem DiskFiles => _options.DiskFiles ?? _options.Files;

    /// <summary>Makes an empty lab in a folder that holds none.</summary>
    /// <param name="folder">The folder's full path; made when it is absent.</param>
    /// <param name="name">The made-up host's name.</param>
    /// <param name="timings">How long its machines take.</param>
    /// <param name="options">How it is worked with.</param>
    /// <returns>The lab.</returns>
    /// <exception cref="HypervisorException">The folder holds a lab already.</exception>
    public static LabHypervisor Create(string folder, string name, LabTimings timings, LabOptions options)
    {
        IHostFolder opened = options.Files.CreateFolder(folder, ownerOnly: false);
        if (opened.Exists(HostRecord + ".json"))
        {
            throw new HypervisorException(
                HypervisorFailure.HostNotUsable, folder, "there is a lab in it. Name another folder, or delete this one.");
        }

        options.Files.CreateFolder(Path.Combine(opened.Path, MachineFolderName), ownerOnly: false);
        LabFiles.Write(
            opened,
            HostRecord,
            new LabHostState { Format = LabHostState.CurrentFormat, Id = options.Ids.NewGuid(), Name = name, Timings = timings });
        LabHypervisor lab = Open(folder, options);
        options.Files.CreateFolder(lab.DiskFolder, ownerOnly: false);
        options.Files.CreateFolder(lab.MasterFolder, ownerOnly: false);
        return lab;
    }

    /// <summary>Opens a lab.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="options">How it is worked with.</param>
    /// <returns>The lab.</returns>
    /// <exception cref="HypervisorException">The folder holds no lab, or one of a newer VmUpdate.</exception>
    public static LabHypervisor Open(string folder, LabOptions options)
    {
        try
        {
            IHostFolder opened = options.Files.OpenFolder(folder);
            LabHostState host = LabFiles.Read<LabHostState>(opened, HostRecord);
            if (host.Format != LabHostState.CurrentFormat)
            {
                throw new HypervisorException(
                    HypervisorFailure.HostNotUsable,
                    folder,
                    $"the lab has the format {host.Format}, and only {LabHostState.CurrentFormat} is known.");
            }

            IHostFolder machines = options.Files.OpenFolder(Path.Combine(opened.Path, MachineFolderName));
            return new LabHypervisor(opened.Path, host, machines, options);
        }
        catch (HostFileException failure) when (failure.Failure == HostFileFailure.NotFound)
        {
            throw new HypervisorException(
                HypervisorFailure.HostNotReachable, folder, "there is no lab in it. New-VmUpdateLab makes one.", failure);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<VirtualMachine>> ListAsync(CancellationToken cancellation)
    {
        LabCall call = Begin("List", null, cancellation);
        IReadOnlyList<VirtualMachine> machines = ReadMachines().Select(Describe).ToList();
        return Ended(call, machines);
    }

    /// <inheritdoc/>
    public Task<VirtualMachine> GetAsync(VmKey vm, CancellationToken cancellation)
    {
        LabCall call = Begin("Get", vm, cancellation);
        return Ended(call, Describe(Read(vm)));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, string>> GetMarksAsync(VmKey vm, CancellationToken cancellation)
    {
        LabCall call = Begin("GetMarks", vm, cancellation);
        return Ended(call, Read(vm).Marks);
    }

    /// <inheritdoc/>
    public async Task SetMarkAsync(VmKey vm, string mark, string? text, CancellationToken cancellation)
    {
        LabCall call = Begin("SetMark", vm, cancellation);
        await ChangeAsync(
            vm,
            state =>
            {
                var marks = state.Marks.ToDictionary(pair => pair.Key, pair => pair.Value);
                marks.Remove(mark);
                if (text is not null)
                {
                    marks.Add(mark, text);
                }

                return state with { Marks = marks };
            },
            cancellation).ConfigureAwait(false);
        _options.AfterCall?.Invoke(call);
    }

    private static string RecordName(Guid id) => id.ToString("N");

    private LabCall Begin(string operation, VmKey? vm, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var call = new LabCall(operation, vm, Interlocked.Increment(ref _calls) - 1);
        _options.BeforeCall?.Invoke(call);
        return call;
    }

    private Task<T> Ended<T>(LabCall call, T result)
    {
        _options.AfterCall?.Invoke(call);
        return Task.FromResult(result);
    }

    private LabMachineState Read(VmKey vm)
    {
        if (!string.Equals(vm.HostId, HostId, StringComparison.Ordinal))
        {
            throw new HypervisorException(
                HypervisorFailure.WrongHost, vm.ToString(), $"the virtual machine is not one of {HostName} ({HostId}).");
        }

        try
        {
            return LabFiles.Read<LabMachineState>(_machines, RecordName(vm.VmId));
        }
        catch (HostFileException failure) when (failure.Failure == HostFileFailure.NotFound)
        {
            throw new HypervisorException(
                HypervisorFailure.VmNotFound, vm.VmId.ToString(), $"{HostName} has no virtual machine with that id.", failure);
        }
    }

    private async Task<LabMachineState> ChangeAsync(VmKey vm, Func<LabMachineState, LabMachineState> change, CancellationToken cancellation)
    {
        Read(vm);
        using (await LabFiles.LockAsync(_machines, RecordName(vm.VmId), _options.Clock, cancellation).ConfigureAwait(false))
        {
            LabMachineState changed = change(Read(vm));
            await LabFiles.WriteAsync(_machines, RecordName(vm.VmId), changed, _options.Clock, cancellation).ConfigureAwait(false);
            return changed;
        }
    }

    private VmPowerState StateOf(LabMachineState machine) =>
        machine.SettledUtc > _options.Clock.UtcNow ? VmPowerState.Changing : machine.State;

    private VirtualMachine Describe(LabMachineState machine) =>
        new(new VmKey(HostId, machine.Id), machine.Name, StateOf(machine), machine.HasCheckpoints, machine.ManagedBy);
}
