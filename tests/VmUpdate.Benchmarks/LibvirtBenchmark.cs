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
    private const int Lists = 41;
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
        using LibvirtHypervisor libvirt = Open("test://" + node);
        List<double> spans = [];
        for (int i = 0; i < Lists; i++)
        {
            long start = Stopwatch.GetTimestamp();
            int count = libvirt.ListAsync(CancellationToken.None).GetAwaiter().GetResult().Count;
            spans.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (count != Machines)
            {
                throw new InvalidOperationException($"{count} machines were listed.");
            }
        }

        double first = spans[0];
        spans.RemoveAt(0);
        double median = spans.Order().ElementAt(spans.Count / 2);
        figures.Add(Listing, $"median of {spans.Count}", $"<= {AllowedMilliseconds:0} ms", $"{median:0.0} ms ({spans.Min():0.0}-{spans.Max():0.0}), the first {first:0.0} ms", median <= AllowedMilliseconds);
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
