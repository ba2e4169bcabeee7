using System.Text;
using VmUpdate.Conformance;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.RealQemu;
using Xunit;

namespace VmUpdate.Libvirt.Tests.Support;

/// <summary>One emulated machine with the tiny guest, on real QEMU.</summary>
internal sealed class RealHost : IConformanceHost
{
    /// <summary>How long a guest may take for anything; long, since others may have the processors.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const long DiskLength = 32 << 20;

    private readonly RealMachine _machine = new(PrivateLibvirtd.Shared, "vm-" + Guid.NewGuid().ToString("N")[..6]);
    private readonly string _disks;

    private RealHost()
    {
        // A blank and a quote, as people name folders.
        _disks = Directory.CreateDirectory(Path.Combine(PrivateLibvirtd.Shared.Root, "disks", _machine.Name + " 'a'")).FullName;
        Disk = MakeDisk("first");
        Vm = new VmKey(Libvirt.HostId, _machine.Id);
    }

    internal static LibvirtHypervisor Libvirt => RealLibvirt.Host;

    public IHypervisor Hypervisor => Libvirt;

    public IHypervisor Other => RealLibvirt.Other;

    public VmKey Vm { get; }

    public string GuestName => _machine.GuestName;

    /// <summary>The file of its disk, a VHDX.</summary>
    internal string Disk { get; }

    /// <summary>Makes the machine, off.</summary>
    /// <param name="arguments">Words for the guest's command line.</param>
    internal static Task<RealHost> CreateAsync(string arguments = "") => Task.Run(() =>
    {
        PrivateLibvirtd.Require();
        var host = new RealHost();
        host._machine.Define(host.Disk, arguments);
        return host;
    });

    /// <summary>Starts the machine and waits for its guest.</summary>
    internal async Task StartAsync()
    {
        await Libvirt.StartAsync(Vm, CancellationToken.None);
        await AwaitGuestAsync();
    }

    internal async Task AwaitGuestAsync()
    {
        GuestReply reply = await Libvirt.GetComputerNameAsync(Vm, Patience, CancellationToken.None);
        Assert.Equal((GuestReplyKind.Answered, GuestName), (reply.Kind, reply.ComputerName));
    }

    /// <summary>Has the guest's shell do something, which must succeed.</summary>
    internal async Task ShellAsync(string command)
    {
        GuestCommandResult result = await Libvirt.RunInGuestAsync(Vm, "/bin/sh", ["-c", command], Patience, CancellationToken.None);
        Assert.True(result.ExitCode == 0, Encoding.UTF8.GetString(result.Errors));
    }

    internal async Task<VmPowerState> StateAsync() => (await Libvirt.GetAsync(Vm, CancellationToken.None)).State;

    public string? CannotBecause(Ability ability) => null;

    public string MakeDisk(string name)
    {
        string path = Path.Combine(_disks, name + ".vhdx");
        using VhdxDisk disk = VhdxDisk.CreateDynamic(path, DiskLength, new VhdxCreateOptions { Files = new HostFileSystem(), NewGuid = Guid.NewGuid });
        disk.Complete();
        return path;
    }

    public Task RemoveMachineAsync() => Task.Run(_machine.Dispose);

    public Task IgnoreShutdownAsync() => Task.Run(() => _machine.Define(Disk, "noagent"));

    public Task EchoAsync() => Task.Run(() => _machine.Define(Disk, "echo"));

    public ValueTask DisposeAsync()
    {
        _machine.Dispose();
        return ValueTask.CompletedTask;
    }
}
