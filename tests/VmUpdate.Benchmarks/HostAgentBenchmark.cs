using System.Diagnostics;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;
using VmUpdate.Simulation.Guests;
using VmUpdate.Simulation.World;

namespace VmUpdate.Benchmarks;

/// <summary>Requests of guests from 200 channels: through decoding and policy alone, and onto the disk.</summary>
internal static class HostAgentBenchmark
{
    private const string Job = "requests from 200 channels";
    private const int Channels = 200;
    private const int RequestsOfEach = 150;
    private const int UnderWay = 4;
    private const int Rounds = 3;
    private const double WantedPerSecond = 10_000;
    private const double AllowedMegabytes = 200; // 1 MiB a channel
    private static readonly byte[] Payload = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];

    /// <summary>Measures.</summary>
    /// <param name="scratch">A folder for the store.</param>
    /// <param name="figures">Takes the figures.</param>
    public static void Run(string scratch, Figures figures)
    {
        RunAsync(scratch, figures).GetAwaiter().GetResult();
    }

    private static async Task RunAsync(string scratch, Figures figures)
    {
        (double[] decided, double decidedCpu) = await MeasureAsync((_, _) => new DecidingOnly());
        figures.Add(
            Job, $"hello, payload, decoding, policy, answer: a second, median of {Rounds}", $">= {WantedPerSecond:N0}", Spread(decided), decided.Order().ElementAt(Rounds / 2) >= WantedPerSecond);
        var stores = new List<VmUpdateStore>();
        int commits = 0;
        (double[] written, double writtenCpu) = await MeasureAsync((host, round) =>
        {
            VmUpdateStore store = VmUpdateStore.Open(Path.Combine(scratch, $"requests-{round}"), new StoreOptions { Files = new HostFileSystem() });
            stores.Add(store);
            GuestPolicyFile.Replace(store, """{ "maxRequestsPerHour": 1000000, "maxOpenRequests": 1000000 }"""u8.ToArray());
            store.Write(t =>
            {
                foreach (VirtualMachine machine in host.ListAsync(CancellationToken.None).Result)
                {
                    t.SaveMachine(new MachineRecord(machine.Key, machine.Name, MachineRole.Personal, null));
                }
            });
            commits = store.CommitCount;
            return new GuestRequests(store, host.HostId, SystemClock.Instance, () => { });
        });
        commits = stores[^1].CommitCount - commits;
        int tasks = stores[^1].GetTasks("scripted").Count;
        stores.ForEach(store => store.Dispose());
        figures.Add(
            Job, $"the same, each a task on the disk before its answer: a second, median of {Rounds}", $">= {WantedPerSecond:N0}", Spread(written), written.Order().ElementAt(Rounds / 2) >= WantedPerSecond);
        figures.Tell(Job, "CPU of one, the guest's end included: decided, written", $"{decidedCpu:0} us, {writtenCpu:0} us");
        figures.Tell(Job, "commits for them", $"{commits} for {tasks} tasks");
        double megabytes = await FloodAsync();
        figures.Add(
            Job, $"memory while all of them flood, the test's own ends included", $"<= {AllowedMegabytes:0} MiB", $"{megabytes:0.0} MiB", megabytes <= AllowedMegabytes);
    }

    private static string Spread(double[] perSecond) => $"{perSecond.Order().ElementAt(perSecond.Length / 2):N0} ({perSecond.Min():N0}-{perSecond.Max():N0})";

    private static async Task<(double[] PerSecond, double CpuMicroseconds)> MeasureAsync(Func<ScriptedHost, int, IGuestRequests> make)
    {
        List<double> perSecond = [];
        List<double> cpu = [];
        for (int round = -1; round < Rounds; round++)
        {
            var host = new ScriptedHost();
            var port = new MemoryGuestPort();
            List<VmKey> machines = [.. Enumerable.Range(1, Channels).Select(number => host.Add(number, VmPowerState.Running).Key)];
            using HostAgent agent = Agent(host, port);
            agent.Requests = make(host, round);
            List<ChannelGuest> guests = [.. machines.Select(vm => ChannelGuest.Begin(port.Connect(vm)))];
            foreach (VmKey vm in machines)
            {
                await agent.WaitUntilReadyAsync(vm, TimeSpan.FromSeconds(30), CancellationToken.None);
            }

            GC.Collect();
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            var watch = Stopwatch.StartNew();
            await Task.WhenAll(guests.Select(guest => Task.Run(() => AskAsync(guest))));
            if (round >= 0)
            {
                perSecond.Add(Channels * RequestsOfEach / watch.Elapsed.TotalSeconds);
                cpu.Add((Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / (Channels * RequestsOfEach));
            }

            guests.ForEach(guest => guest.Dispose());
        }

        return ([.. perSecond], cpu.Order().ElementAt(Rounds / 2));
    }

    private static HostAgent Agent(ScriptedHost host, MemoryGuestPort port)
    {
        var agent = new HostAgent(new HostAgentOptions { Hypervisor = host, Port = port, MessagesPerSecond = 1_000_000, BytesPerSecond = 1 << 30 });
        agent.Listen(_ => { }, _ => { });
        return agent;
    }

    private static async Task AskAsync(ChannelGuest guest)
    {
        string hash = PayloadAssembler.HashOf(Payload);
        int asked = 0;
        for (int answered = 0; answered < RequestsOfEach; answered++)
        {
            for (; asked < RequestsOfEach && asked - answered < UnderWay; asked++)
            {
                var request = new UpdateRequest(Guid.NewGuid(), "Patch", "ApplicationUpgrade", "WindowsUpdate", false, null, null, null, "Context", string.Empty, Payload.Length, hash);
                await guest.SayAsync(new PayloadPart(request.Id, 0, Payload));
                await guest.SayAsync(request with { RequestId = "r" });
            }

            Reply reply = await guest.HearAsync<Reply>();
            if (!reply.IsDone)
            {
                throw new InvalidOperationException(reply.Message);
            }
        }
    }

    /// <summary>What the channels hold while each guest sends as much as it is let, garbage and the largest payloads among it.</summary>
    private static async Task<double> FloodAsync()
    {
        var host = new ScriptedHost();
        var port = new MemoryGuestPort();
        List<VmKey> machines = [.. Enumerable.Range(1, Channels).Select(number => host.Add(number, VmPowerState.Running).Key)];
        GC.Collect();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using HostAgent agent = Agent(host, port);
        agent.Requests = new DecidingOnly();
        List<Stream> ends = [.. machines.Select(port.Connect)];
        using var end = new CancellationTokenSource();
        List<Task> floods = [.. ends.Select(stream => Task.Run(() => FloodOneAsync(stream, end.Token)))];
        double most = 0;
        for (int i = 0; i < 10; i++)
        {
            await SystemClock.Instance.Delay(TimeSpan.FromMilliseconds(300), CancellationToken.None);
            most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
        }

        await end.CancelAsync();
        ends.ForEach(stream => stream.Dispose());
        await Task.WhenAll(floods);
        return most / (1 << 20);
    }

    private static async Task FloodOneAsync(Stream stream, CancellationToken end)
    {
        byte[] half = MessageCodec.Encode(new PayloadPart(Guid.NewGuid(), 0, new byte[ProtocolLimits.MaxPartLength]));
        byte[] other = MessageCodec.Encode(new PayloadPart(Guid.NewGuid(), 0, new byte[ProtocolLimits.MaxPartLength]));
        byte[] noLine = [.. Enumerable.Repeat((byte)'x', 60_000)];
        byte[] hello = MessageCodec.Encode(new Hello(1, 1, "flood", "PC", [], []));
        try
        {
            while (!end.IsCancellationRequested)
            {
                // In small pieces, so that the test's own ends hold little.
                foreach (byte[] piece in new[] { hello, half, other, noLine, hello }.SelectMany(bytes => bytes.Chunk(4096)))
                {
                    await stream.WriteAsync(piece, end);
                }
            }
        }
        catch (Exception closed) when (closed is IOException or OperationCanceledException)
        {
            // The end of the measurement.
        }
    }

    /// <summary>Decides as the policy does, and writes nothing down.</summary>
    private sealed class DecidingOnly : IGuestRequests
    {
        private static readonly GuestPolicy Policy = GuestPolicy.Default;

        public int MaxPayloadLength => Policy.MaxPayloadBytes;

        public Task<GuestAnswer> AskAsync(GuestRequest request, CancellationToken cancellation)
        {
            var machine = new TargetMachine(request.Vm, request.VmName, TargetKinds.Personal, null, 0);
            GuestAnswer? no = Policy.Refuse(machine, request.Message);
            if (no is null)
            {
                (no, _) = GuestTaskDraft.Make(request, machine, request.Payload!, SystemClock.Instance.UtcNow, TimeSpan.Zero);
            }

            return Task.FromResult(no ?? new GuestAnswer(true, string.Empty, string.Empty));
        }
    }
}
