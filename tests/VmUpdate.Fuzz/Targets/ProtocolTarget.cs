using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Fuzz.Targets;

/// <summary>What a guest says: lines that are none, messages that are none, payloads in odd parts.</summary>
public sealed class ProtocolTarget : FuzzTarget
{
    private readonly byte[][][] _seeds = [[GuestWords.Lines()]];

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
}
