using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Fuzz.Targets;

/// <summary>What a guest says: lines that are none, messages that are none, payloads in odd parts.</summary>
public sealed class ProtocolTarget : FuzzTarget
{
    private readonly byte[][][] _seeds = [[Lines()]];

    public override string Name => "protocol";

    public override long AllocationLimit => 16L * 1024 * 1024;

    protected override IReadOnlyList<byte[][]> Seeds => _seeds;

    protected override void Repair(FuzzFile[] files)
    {
        // The format has no checksums.
    }

    protected override void Exercise(FuzzFile[] files, Random random)
    {
        byte[] bytes = files[0].Read(0, (int)files[0].Length);
        var reader = new LineReader();
        var payloads = new PayloadAssembler();
        for (int at = 0; at < bytes.Length;)
        {
            int count = Math.Min(random.Next(1, 700), bytes.Length - at);
            reader.Add(bytes.AsSpan(at, count), line => Take(line, payloads), () => { });
            at += count;
        }
    }

    private static void Take(ReadOnlyMemory<byte> line, PayloadAssembler payloads)
    {
        try
        {
            GuestMessage message = MessageCodec.Decode(line);
            byte[] again = MessageCodec.Encode(message);
            if (!again.AsSpan().SequenceEqual(MessageCodec.Encode(MessageCodec.Decode(again.AsMemory(0, again.Length - 1)))))
            {
                throw new InvalidOperationException("a message does not come back as it was written");
            }

            if (message is PayloadPart part)
            {
                payloads.Add(part);
            }
            else if (message is StartTask start)
            {
                payloads.Take(start.RunId, start.PayloadLength, start.PayloadHash);
            }
        }
        catch (GuestProtocolException)
        {
            // The line is passed over; the next one is read.
        }
    }

    private static byte[] Lines()
    {
        Guid id = new("0f8fad5b-d9cb-469f-a165-70867728950e");
        var time = new DateTime(2026, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        GuestMessage[] messages =
        [
            new Hello(1, 1, "agent", "PC-01", ["Script"], [new RunOnGuest(id, 2)]) { Sent = time },
            new PayloadPart(id, 0, [1, 2, 3, 4]),
            new StartTask(id, 3, "Nightly", "Configuration", "Script", "Script", "a.ps1", 4, PayloadAssembler.HashOf([1, 2, 3, 4]), true, 60) { RequestId = "7" },
            new QueryTask(id, 1),
            new TaskReport(id, 1, 3, 50, true, "half way \u20ac"),
            new Reply("7", false, ReplyCodes.Failed, "why"),
            new UpdateRequest(id, "Patch", "Configuration", "Script", true, time, time, time, "Context", "f", 0, string.Empty) { RequestId = "r", Deadline = time },
            new SessionList("3", [new GuestSession(1, "LAB\\anna", true)]),
            new ShowMessage(1, "text"),
            new AllowLogons(true),
            new Ping { RequestId = "4" },
        ];
        return [.. "\n"u8, .. messages.SelectMany(MessageCodec.Encode)];
    }
}
