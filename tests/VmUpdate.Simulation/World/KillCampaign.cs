using System.Diagnostics;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Lab;
using VmUpdate.Simulation.Machines;

namespace VmUpdate.Simulation.World;

/// <summary>A broker on a lab in a process of its own, killed by the operating system at random moments and started again.</summary>
public sealed class KillCampaign
{
    private readonly string _folder;
    private readonly IReadOnlyList<string> _child;
    private readonly int _seed;
    private readonly LabHypervisor _lab;
    private readonly VmUpdateStore _store;
    private readonly IReadOnlyDictionary<VmKey, VmPowerState> _found;
    private readonly HashSet<(Guid Run, int Attempt)> _delivered = [];

    private KillCampaign(string folder, IReadOnlyList<string> child, int seed, LabHypervisor lab, VmUpdateStore store, IReadOnlyDictionary<VmKey, VmPowerState> found)
    {
        (_folder, _child, _seed, _lab, _store, _found) = (folder, child, seed, lab, store, found);
    }

    /// <summary>What the child process does: works as the lab's broker until nothing is left.</summary>
    /// <param name="folder">The lab's folder.</param>
    /// <returns>Completes when nothing is left.</returns>
    public static async Task RunBrokerAsync(string folder)
    {
        LabHypervisor lab = Open(folder);
        using VmUpdateStore store = PersonalLab.OpenStore(lab);
        using TaskBroker broker = TaskBroker.Open(new BrokerServices
        {
            Store = store, Hypervisor = lab, Metrics = lab, Sessions = lab, Guests = lab,
            LookEvery = TimeSpan.FromMilliseconds(50), AskStoreEvery = TimeSpan.FromMilliseconds(100),
        });
        Console.WriteLine("ready");
        await broker.RunAsync(BrokerUntil.Empty, CancellationToken.None, CancellationToken.None);
    }

    /// <summary>Kills brokers, then lets one come to the end, and looks whether anything was lost.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <param name="child">The program and the arguments that run <see cref="RunBrokerAsync"/>; the folder is added.</param>
    /// <param name="seed">Where the moments come from.</param>
    /// <param name="kills">How many.</param>
    /// <returns>How many kills hit a broker that still had work.</returns>
    /// <exception cref="SimulationFailedException">Something was lost.</exception>
    public static async Task<int> RunAsync(string folder, IReadOnlyList<string> child, int seed, int kills)
    {
        IReadOnlyList<VmKey> machines = await PersonalLab.CreateAsync(folder, 8);
        LabHypervisor lab = Open(folder);
        LabGuestScript[] scripts = [new(), new() { Disconnects = 1 }, new() { Restarts = 1 }, new() { NeedsRestart = true }];
        for (int i = 0; i < machines.Count; i++)
        {
            await lab.SetGuestScriptAsync(machines[i], scripts[(i + (i / 4)) % 4], CancellationToken.None);
        }

        using VmUpdateStore store = PersonalLab.OpenStore(lab);
        var limits = new HostLimits { SettleTime = TimeSpan.Zero, StartJitter = TimeSpan.Zero, MaxAwake = 3, MaxAwakePerVolume = 3 };
        store.Write(t => t.SaveLimits(lab.HostId, limits, SystemClock.Instance.UtcNow));
        var found = (await lab.ListAsync(CancellationToken.None)).ToDictionary(m => m.Key, m => m.State);
        return await new KillCampaign(folder, child, seed, lab, store, found).RunAsync(kills);
    }

    private static LabHypervisor Open(string folder) => LabHypervisor.Open(folder, new LabOptions { Files = new HostFileSystem() });

    private async Task<int> RunAsync(int kills)
    {
        var chance = new Random(_seed);
        int hits = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            if (_store.GetOpenRuns(_lab.HostId).Count < 4)
            {
                AddWork(kill);
            }

            using Process broker = Start();
            if (await broker.StandardOutput.ReadLineAsync() != "ready")
            {
                throw new InvalidOperationException($"{_child[0]} is no broker.");
            }

            await Task.Delay(chance.Next(0, 400));
            hits += broker.HasExited ? 0 : 1;
            broker.Kill();
            await broker.WaitForExitAsync();
            await CheckReportedAsync(kill);
        }

        using (Process last = Start())
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            await last.WaitForExitAsync(patience.Token);
        }

        await CheckEndAsync();
        return hits;
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(_child[0]) { RedirectStandardOutput = true };
        foreach (string argument in _child.Skip(1).Append(_folder))
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{_child[0]} did not start.");
    }

    private void AddWork(int number)
    {
        List<TargetMachine> machines = [.. _found.Keys.Select(k => new TargetMachine(k, k.VmId.ToString("D"), TargetKinds.Personal, null, 2L << 30))];
        TaskPayload payload = TaskPayload.FromCommand("update");
        var task = new UpdateTask
        {
            Id = Guid.NewGuid(), Name = $"task {number}", Kind = UpdateTaskKind.ApplicationUpgrade, Instructor = "Test", Payload = payload.Info,
            Targets = new TaskTargets { Kinds = TargetKinds.All }, Timeouts = PhaseTimeouts.Of(UpdateTaskKind.ApplicationUpgrade), MaxRestarts = 1,
            Registered = SystemClock.Instance.UtcNow,
        };
        var registrar = new TaskRegistrar(_store, _lab.HostId, () => { });
        registrar.Add(task, payload, machines);
        registrar.Complete();
    }

    private async Task CheckReportedAsync(int kill)
    {
        HashSet<VmKey> reported = [.. _store.GetAwakeMachines(_lab.HostId).Select(a => a.Vm)];
        foreach (VirtualMachine machine in await _lab.ListAsync(CancellationToken.None))
        {
            if (machine.State != _found[machine.Key] && !reported.Contains(machine.Key))
            {
                throw new SimulationFailedException(
                    $"seed {_seed}, kill {kill}: {machine.Name} was found {_found[machine.Key]}, is {machine.State}, and nothing says so");
            }

            NoteDeliveries(machine.Key);
        }
    }

    private void NoteDeliveries(VmKey vm) => _delivered.UnionWith(_lab.GetDeliveries(vm).Select(d => (d.RunId, d.Attempt)));

    private async Task CheckEndAsync()
    {
        foreach (VirtualMachine machine in await _lab.ListAsync(CancellationToken.None))
        {
            IReadOnlyDictionary<string, string> marks = await _lab.GetMarksAsync(machine.Key, CancellationToken.None);
            if (machine.State != _found[machine.Key] || marks.ContainsKey(VmMarks.Woken))
            {
                throw new SimulationFailedException($"seed {_seed}: {machine.Name} was found {_found[machine.Key]} and is {machine.State}, {marks.Count} notes");
            }

            NoteDeliveries(machine.Key);
        }

        foreach (UpdateRun run in _store.GetRuns(_lab.HostId))
        {
            if (run.State != RunState.Succeeded || !_delivered.Contains((run.Id, 1)) || _delivered.Contains((run.Id, 2)))
            {
                string story = string.Join("\n  ", _store.GetJournal(run.Id).Select(j => $"{j.Time:O} {j.State} {j.Reason} {j.Detail}"));
                throw new SimulationFailedException($"seed {_seed}: the run {run.Id} on {run.VmName} is {run.State}: {run.Reason} {run.Detail}\n  {story}");
            }
        }
    }
}
