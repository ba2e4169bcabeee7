using System.Text;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Fuzz.Targets;

/// <summary>
/// The host's end of a guest's channel, with a guest that says anything in any order while it is asked: messages whose parts do not belong together,
/// lines that are none, answers to what was not asked, hellos of any version. What the host says and hands on is checked.
/// </summary>
public sealed class ChannelTarget : FuzzTarget
{
    private const int MostMessages = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly GuestPolicy AllowAll = new() { Roles = TargetKinds.All, PayloadKinds = [PayloadKind.Context, PayloadKind.Command, PayloadKind.Script], AllowUrgent = true };
    private static readonly VirtualMachine Machine = new(new VmKey("fuzz", new Guid("0f8fad5b-d9cb-469f-a165-70867728950e")), "PC-01", VmPowerState.Running, false, string.Empty);
    private static readonly DateTime Noon = new(2026, 2, 3, 12, 0, 0, DateTimeKind.Utc);

    private readonly byte[][][] _seeds = [[GuestWords.Lines()]];

    private long _messages;
    private long _requests;
    private long _tasks;
    private long _reports;

    public override string Name => "channel";

    public override string Summary => $", {_messages} messages, {_requests} requests, {_tasks} tasks, {_reports} reports";

    public override long AllocationLimit => 64L * 1024 * 1024;

    protected override IReadOnlyList<byte[][]> Seeds => _seeds;

    protected override void Repair(FuzzFile[] files)
    {
        // The format has no checksums.
    }

    protected override void Exercise(FuzzFile[] files, Random random)
    {
        var stream = new SaidStream(Say(files[0], random), random);
        var clock = new InstantClock();
        var options = new HostAgentOptions { Hypervisor = null!, Port = null!, Clock = clock };
        var judge = new Judge(random);
        using var connection = new GuestConnection(stream, Machine, options, judge, new GuestTraffic(options), judge);
        List<Task> asked = [];
        stream.OnRead = () =>
        {
            if (random.Next(4) == 0)
            {
                asked.Add(AskAsync(connection, random));
            }
        };
        Task run = connection.RunAsync(CancellationToken.None);
        if (!run.IsCompleted)
        {
            throw new InvalidOperationException("the channel was not closed at its end");
        }

        run.GetAwaiter().GetResult();
        if (!Task.WaitAll([.. asked], Patience))
        {
            throw new InvalidOperationException("a question was not answered when the channel broke");
        }

        stream.CheckWritten();
        _requests += judge.Requests;
        _tasks += judge.Tasks;
        _reports += judge.Reports;
    }

    private static async Task AskAsync(GuestConnection connection, Random random)
    {
        Guid run = GuestWords.Ids[random.Next(GuestWords.Ids.Length)];
        byte[] payload = new byte[random.Next(3) * 20_000];
        GuestMessage question = random.Next(6) switch
        {
            0 => new QueryTask(run, 1),
            1 => new CancelTask(run, 1),
            2 => new ListSessions(),
            3 => new ShowMessage(1, "words"),
            4 => new Ping(),
            _ => new StartTask(run, 1, "Nightly", "Configuration", "Script", "Context", string.Empty, payload.Length, PayloadAssembler.HashOf(payload), true, 60),
        };
        try
        {
            await connection.AskAsync(question, question is StartTask ? PayloadAssembler.Split(run, payload) : [], Timeout.InfiniteTimeSpan, CancellationToken.None).ConfigureAwait(false);
        }
        catch (GuestException)
        {
            // Foreseen: the guest did not answer before the channel broke.
        }
    }

    private byte[] Say(FuzzFile file, Random random)
    {
        byte[] mutated = file.Read(0, (int)file.Length);
        var said = new MemoryStream();
        if (random.Next(8) > 0)
        {
            said.Write(MessageCodec.Encode(GuestWords.Hello(1, 1 + random.Next(3)) with { RequestId = "g1" }));
        }

        int count = 1 + random.Next(MostMessages);
        for (int i = 0; i < count; i++)
        {
            byte[] line = random.Next(6) == 0 ? OneOf(mutated, random) : MessageCodec.Encode(GuestWords.Make(random));
            if (random.Next(5) == 0 && line.Length > 0)
            {
                line[random.Next(line.Length)] = (byte)random.Next(256);
            }

            said.Write(line);
        }

        _messages += count;
        return said.ToArray();
    }

    /// <summary>A line of the changed ones, or what became of it.</summary>
    private static byte[] OneOf(byte[] bytes, Random random)
    {
        int from = random.Next(bytes.Length + 1);
        int end = from == bytes.Length ? -1 : Array.IndexOf(bytes, (byte)'\n', from);
        return bytes[from..(end < 0 ? bytes.Length : end + 1)];
    }

    /// <summary>What the guest said, in pieces; takes what the host says.</summary>
    private sealed class SaidStream(byte[] said, Random random) : MemoryStream
    {
        private readonly MemoryStream _written = new();
        private int _at;

        public Action OnRead { get; set; } = () => { };

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            OnRead();
            int count = Math.Min(Math.Min(1 + random.Next(3000), buffer.Length), said.Length - _at);
            said.AsSpan(_at, count).CopyTo(buffer.Span);
            _at += count;
            return new ValueTask<int>(count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (random.Next(200) == 0)
            {
                throw new IOException("The guest is gone.");
            }

            _written.Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        /// <summary>All that the host said is whole messages.</summary>
        public void CheckWritten()
        {
            foreach (string line in Encoding.UTF8.GetString(_written.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                GuestMessage message = MessageCodec.Decode(Encoding.UTF8.GetBytes(line));
                if (message is UpdateRequest or TaskReport or SessionList)
                {
                    throw new InvalidOperationException($"a host says {message.Type}");
                }
            }
        }
    }

    /// <summary>Checks what is handed on of the guest's words.</summary>
    private sealed class Judge(Random random) : IGuestRequests, IGuestListener
    {
        public int Requests { get; private set; }

        public int Tasks { get; private set; }

        public int Reports { get; private set; }

        public int MaxPayloadLength => 4096;

        public Task<GuestAnswer> AskAsync(GuestRequest request, CancellationToken cancellation)
        {
            Requests++;
            if (request.Vm != Machine.Key || request.Payload is { } bytes && (bytes.Length > MaxPayloadLength || bytes.Length != request.Message.PayloadLength))
            {
                throw new InvalidOperationException("a request is another machine's, or its payload is not what was announced");
            }

            if (random.Next(8) == 0)
            {
                throw new StoreException(StoreFailure.Busy, "store", "busy");
            }

            var machine = new TargetMachine(request.Vm, request.VmName, TargetKinds.Personal, null, 0);
            GuestAnswer? no = AllowAll.Refuse(machine, request.Message);
            if (no is null && request.Payload is { } payload)
            {
                (no, GuestTaskDraft? draft) = GuestTaskDraft.Make(request, machine, payload, Noon, TimeSpan.Zero);
                Tasks += draft is null ? 0 : 1;
                if (draft is not null && (draft.Runs.Count != 1 || draft.Runs[0].Vm != Machine.Key || draft.Task.Name.Any(char.IsControl)))
                {
                    throw new InvalidOperationException("a request became a task that it must not");
                }
            }

            return Task.FromResult(no ?? new GuestAnswer(true, string.Empty, "accepted"));
        }

        public void OnChanged()
        {
        }

        public void OnReport(TaskReport report)
        {
            Reports++;
            if (report.Attempt < 1 || report.Percent is < 0 or > 100 || report.Message.Length > ProtocolLimits.MaxTextLength)
            {
                throw new InvalidOperationException("a report is handed on that is none");
            }
        }
    }

    /// <summary>Time passes at once, but for the pings, whose time never comes.</summary>
    private sealed class InstantClock : IClock
    {
        public DateTime UtcNow => Noon;

        public TimeSpan Monotonic { get; private set; }

        public Task Delay(TimeSpan time, CancellationToken cancellation)
        {
            if (time == new HostAgentOptions { Hypervisor = null!, Port = null! }.PingEvery || time == Timeout.InfiniteTimeSpan)
            {
                var never = new TaskCompletionSource();
                cancellation.Register(() => never.TrySetCanceled(cancellation));
                return never.Task;
            }

            Monotonic += time;
            return Task.CompletedTask;
        }
    }
}
