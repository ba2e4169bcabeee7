using System.Diagnostics;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Libvirt;
using VmUpdate.RealQemu;

namespace VmUpdate.Benchmarks;

/// <summary>The ports on libvirt: many machines listed, on its mock driver; save and restore beside virsh's, on real QEMU.</summary>
internal static class LibvirtBenchmark
{
    private const string Listing = "libvirt: 200 machines listed with their state";
    private const string Saving = "libvirt: save and restore of a machine of 128 MiB";
    private const int Machines = 200;
    private const int Connections = 8;
    private const int Lists = 10;
    private const int Rounds = 15;
    private const double AllowedMilliseconds = 50;
    private const double AllowedRatio = 1.10;

    /// <summary>Measures.</summary>
    /// <param name="scratch">A folder for the mock driver's file.</param>
    /// <param name="figures">Takes the figures.</param>
    public static void Run(string scratch, Figures figures)
    {
        List(scratch, figures);
        SaveAndRestore(figures);
    }

    private static void List(string scratch, Figures figures)
    {
        string node = Path.Combine(scratch, "node.xml");
        File.WriteAllText(node, $"<node>{string.Concat(Enumerable.Range(0, Machines).Select(Describe))}</node>");
        List<double> first = [];
        List<double> next = [];
        for (int connection = 0; connection < Connections; connection++)
        {
            using LibvirtHypervisor libvirt = Open("test://" + node);
            first.Add(TimeList(libvirt));
            next.AddRange(Enumerable.Range(0, Lists).Select(_ => TimeList(libvirt)));
        }

        // The very first one of a process also waits for the runtime's compiler.
        double cold = first[0];
        Add(figures, next, "a list", string.Empty);
        Add(figures, first[1..], "the first list of a connection, which reads each description", $"; {cold:0.0} ms the first of a process");
    }

    private static void Add(Figures figures, List<double> spans, string what, string also)
    {
        double median = spans.Order().ElementAt(spans.Count / 2);
        figures.Add(
            Listing, $"{what}, median of {spans.Count}", $"<= {AllowedMilliseconds:0} ms", $"{median:0.0} ms ({spans.Min():0.0}-{spans.Max():0.0}){also}", median <= AllowedMilliseconds);
    }

    private static double TimeList(LibvirtHypervisor libvirt)
    {
        int count = 0;
        double time = Time(() => count = libvirt.ListAsync(CancellationToken.None).GetAwaiter().GetResult().Count);
        return count == Machines ? time : throw new InvalidOperationException($"{count} machines were listed.");
    }

    /// <summary>In turns, so that both meet the same computer; the machine has no disk, since virsh starts no disk's server.</summary>
    private static void SaveAndRestore(Figures figures)
    {
        PrivateLibvirtd.Require();
        PrivateLibvirtd libvirtd = PrivateLibvirtd.Shared;
        using var machine = new RealMachine(libvirtd, "benchmark");
        machine.Define(disk: null);
        using LibvirtHypervisor libvirt = Open(libvirtd.Uri);
        var vm = new VmKey(libvirt.HostId, machine.Id);
        libvirtd.Virsh("start", machine.Name);
        machine.Shell("true");
        List<double> theirs = [];
        List<double> ours = [];
        for (int round = 0; round <= Rounds; round++)
        {
            double virsh = Time(() =>
            {
                libvirtd.Virsh("managedsave", machine.Name);
                libvirtd.Virsh("start", machine.Name);
            });
            double own = Time(() =>
            {
                libvirt.SaveAsync(vm, CancellationToken.None).GetAwaiter().GetResult();
                libvirt.StartAsync(vm, CancellationToken.None).GetAwaiter().GetResult();
            });
            if (round > 0)
            {
                theirs.Add(virsh);
                ours.Add(own);
            }
        }

        double wanted = theirs.Order().ElementAt(Rounds / 2);
        double found = ours.Order().ElementAt(Rounds / 2);
        figures.Add(
            Saving,
            $"of virsh in the same run, median of {Rounds}",
            $"<= {AllowedRatio:0.00} x",
            $"{found / wanted:0.00} x ({found:0} ms, {ours.Min():0}-{ours.Max():0}; virsh {wanted:0} ms, {theirs.Min():0}-{theirs.Max():0})",
            found <= AllowedRatio * wanted);
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static LibvirtHypervisor Open(string uri) => LibvirtHypervisor.Open(uri, new LibvirtOptions { Files = new HostFileSystem() });

    /// <summary>1 is the number of "running", 5 that of "shut off".</summary>
    private static string Describe(int index) => $"""
        <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
          <name>vm{index}</name>
          <uuid>{new Guid(index + 1, 0, 0, new byte[8])}</uuid>
          <memory unit='MiB'>512</memory>
          <vcpu>1</vcpu>
          <os><type>hvm</type></os>
          <test:runstate>{(index % 2 == 0 ? 1 : 5)}</test:runstate>
        </domain>
        """;
}
