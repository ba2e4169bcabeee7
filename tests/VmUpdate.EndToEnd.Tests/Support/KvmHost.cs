using System.Management.Automation;
using System.Text;
using VmUpdate.PowerShell.Tests.Support;
using VmUpdate.RealQemu;
using VmUpdate.Simulation.Support;

namespace VmUpdate.EndToEnd.Tests.Support;

/// <summary>A KVM host as an administrator has it: the module connected to a libvirtd, a store of its own, machines with the agent in their guests.</summary>
internal sealed class KvmHost : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<RealMachine> _machines = [];

    internal KvmHost(int maxAwake = 2)
    {
        PrivateLibvirtd.Require();
        TinyGuest.RequireWithAgent();
        Engine = new Engine();
        Engine.RunWell(Connect);

        // What the machines of other tests take of the processors must not decide here.
        Engine.RunWell($"Set-VmUpdateHost -MaxAwake {maxAwake} -CpuCeilingPercent 100 -MemoryReserve 0 -MemoryReservePercent 0 -VolumeReserve 0 -SettleTime 0 -StartJitter 0");
    }

    internal Engine Engine { get; }

    internal static PrivateLibvirtd Libvirtd => PrivateLibvirtd.Shared;

    /// <summary>The line that connects a session to this host.</summary>
    internal string Connect => $"$null = Connect-VmUpdateHost -LibvirtUri '{Libvirtd.Uri}' -StorePath '{_folder.PathOf("store")}'";

    /// <summary>Makes a personal machine whose disk keeps what must outlive a restart, off.</summary>
    internal RealMachine AddPersonal(string name)
    {
        RealMachine machine = Add(name, "vmupdate-agent state", disk =>
        {
            (int exitCode, string output) = Judges.Run("qemu-img", "create", "-q", "-f", "vhdx", disk, "32M");
            Assert.True(exitCode == 0, output);
        });
        Engine.RunWell("$null = Set-VmUpdateMachine $1 -Role Personal", name);
        return machine;
    }

    /// <summary>Makes a machine on a disk, off.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="arguments">Words for its guest.</param>
    /// <param name="makeDisk">Makes its disk.</param>
    internal RealMachine Add(string name, string arguments, Action<string> makeDisk)
    {
        var machine = new RealMachine(Libvirtd, name);
        string disk = Path.Combine(Libvirtd.Root, "disks", name + ".vhdx");
        makeDisk(disk);
        machine.Define(disk, arguments);
        _machines.Add(machine);
        return machine;
    }

    /// <summary>Runs a script in the session; no error may come of it.</summary>
    internal RunResult Run(string script, params object[] values) => Engine.RunWell(script, values);

    /// <summary>Starts machines and waits for their guests.</summary>
    internal void Start(params RealMachine[] machines)
    {
        foreach (RealMachine machine in machines)
        {
            machine.Start();
        }

        foreach (RealMachine machine in machines)
        {
            machine.Shell("true");
        }
    }

    internal static string State(RealMachine machine)
    {
        string state = Libvirtd.Virsh("domstate", machine.Id.ToString()).Trim();
        return state == "shut off" && Libvirtd.Virsh("dominfo", machine.Id.ToString()).Contains("Managed save:   yes", StringComparison.Ordinal) ? "saved" : state;
    }

    internal static byte[] Script(string text) => Encoding.UTF8.GetBytes("#!/bin/sh\n" + text + "\n");

    /// <summary>Where a machine's runs came to: task, state, reason, in the order of their end.</summary>
    internal IEnumerable<string> Runs(string vm) => Run("Get-VmUpdateRun").Output.OrderBy(run => run.Properties["Ended"].Value)
        .Where(run => $"{run.Properties["VMName"].Value}" == vm)
        .Select(run => $"{run.Properties["TaskName"].Value} {run.Properties["State"].Value} {run.Properties["Reason"].Value}");

    public void Dispose()
    {
        Engine.Dispose();
        _machines.ForEach(machine => machine.Dispose());
        _folder.Dispose();
    }
}
