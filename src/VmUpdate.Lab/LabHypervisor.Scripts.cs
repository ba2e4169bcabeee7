using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Lab;

// What is made up: set by these, or by files that somebody wrote into the lab.
public sealed partial class LabHypervisor
{
    private const string GuestFolderName = "guests";
    private const string PayloadFolderName = "delivered";
    private const string HostScriptRecord = "host";

    private IHostFolder GuestFolder => _options.Files.CreateFolder(Path.Combine(Folder, GuestFolderName), ownerOnly: false);

    private IHostFolder PayloadFolder => _options.Files.CreateFolder(Path.Combine(Folder, PayloadFolderName), ownerOnly: false);

    /// <summary>Sets what a machine's guest does with the tasks that it is handed from now on.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="script">What it does.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is set.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.HostNotUsable"/>: the script cannot be.</exception>
    public async Task SetGuestScriptAsync(VmKey vm, LabGuestScript script, CancellationToken cancellation)
    {
        LabMachineState machine = Read(vm);
        RequireUsable(script.WhyNotUsable(), machine.Name);
        await LabFiles.WriteAsync(GuestFolder, RecordName(vm.VmId), script, _options.Clock, cancellation).ConfigureAwait(false);
    }

    /// <summary>What a machine's guest does with tasks.</summary>
    /// <param name="vm">The machine.</param>
    /// <returns>Its script: of the file of its id, or of its name; the default one when there is none.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.HostNotUsable"/>: the file is none that can be read.</exception>
    public LabGuestScript GetGuestScript(VmKey vm)
    {
        LabMachineState machine = Read(vm);
        IHostFolder folder = GuestFolder;
        string? name = new[] { RecordName(machine.Id), machine.Name }
            .FirstOrDefault(n => n.IndexOfAny(Path.GetInvalidFileNameChars()) < 0 && folder.Exists(n + ".json"));
        if (name is null)
        {
            return new LabGuestScript();
        }

        LabGuestScript script = LabFiles.Read<LabGuestScript>(folder, name);
        RequireUsable(script.WhyNotUsable(), Path.Combine(folder.Path, name + ".json"));
        return script;
    }

    /// <summary>Sets how busy the host is.</summary>
    /// <param name="script">How.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is set.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.HostNotUsable"/>: the script cannot be.</exception>
    public async Task SetHostScriptAsync(LabHostScript script, CancellationToken cancellation)
    {
        RequireUsable(script.WhyNotUsable(), HostName);
        await LabFiles.WriteAsync(_options.Files.OpenFolder(Folder), HostScriptRecord, script, _options.Clock, cancellation).ConfigureAwait(false);
    }

    /// <summary>How busy the host is.</summary>
    /// <returns>The script of <c>host.json</c>; the default one when there is none.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.HostNotUsable"/>: the file is none that can be read.</exception>
    public LabHostScript GetHostScript()
    {
        IHostFolder folder = _options.Files.OpenFolder(Folder);
        if (!folder.Exists(HostScriptRecord + ".json"))
        {
            return new LabHostScript();
        }

        LabHostScript script = LabFiles.Read<LabHostScript>(folder, HostScriptRecord);
        RequireUsable(script.WhyNotUsable(), Path.Combine(folder.Path, HostScriptRecord + ".json"));
        return script;
    }

    /// <summary>Sets what a machine takes of the host.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="memoryBytes">The memory it wants when it runs, in bytes.</param>
    /// <param name="volume">The name of the volume that it is saved on.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is set.</returns>
    public Task SetFootprintAsync(VmKey vm, long memoryBytes, string volume, CancellationToken cancellation) =>
        ChangeAsync(vm, machine => machine with { MemoryBytes = memoryBytes, Volume = volume }, cancellation);

    /// <summary>What reached a machine's guest, the oldest first; of very many the last ones.</summary>
    /// <param name="vm">The machine.</param>
    /// <returns>The tasks, with their payloads byte for byte.</returns>
    public IReadOnlyList<LabDelivery> GetDeliveries(VmKey vm)
    {
        IHostFolder folder = PayloadFolder;
        return Read(vm).Jobs
            .Select(job => new LabDelivery(
                job.RunId, job.Attempt, job.TaskName, job.Instructor, job.Kind, job.FileName, job.MayRestart, ReadAll(folder, job.PayloadName(vm.VmId))))
            .ToList();
    }

    private static byte[] ReadAll(IHostFolder folder, string name)
    {
        using IBlockFile file = folder.Open(name, HostFileMode.Read);
        byte[] bytes = new byte[file.Length];
        file.ReadAt(0, bytes);
        return bytes;
    }

    private static void RequireUsable(string? whyNot, string subject)
    {
        if (whyNot is not null)
        {
            throw new HypervisorException(HypervisorFailure.HostNotUsable, subject, whyNot);
        }
    }
}
