using System.Text;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;
using Xunit;

namespace VmUpdate.GuestProtocol.Tests;

/// <summary>Lines out of a stream, payloads out of parts.</summary>
public sealed class FramingTests(ITestOutputHelper output)
{
    [Fact]
    public void Lines_come_out_whole_however_the_bytes_come()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string[] sent = [.. Enumerable.Range(0, 200).Select(i => new string((char)('a' + (i % 26)), random.Next(1, 3000)))];
        byte[] bytes = Encoding.UTF8.GetBytes("half a line of a former owner\n\n" + string.Join('\n', sent) + "\n");
        var got = new List<string>();
        var reader = new LineReader();
        for (int at = 0; at < bytes.Length;)
        {
            int count = Math.Min(random.Next(1, 5000), bytes.Length - at);
            reader.Add(bytes.AsSpan(at, count), line => got.Add(Encoding.UTF8.GetString(line.Span)), () => Assert.Fail("none is too long"));
            at += count;
        }

        Assert.Equal(sent, got.Skip(1));
    }

    [Fact]
    public void A_line_over_the_limit_is_passed_over_and_the_next_one_is_read()
    {
        var reader = new LineReader();
        var got = new List<string>();
        int tooLong = 0;
        void Add(byte[] bytes) => reader.Add(bytes, line => got.Add(Encoding.UTF8.GetString(line.Span)), () => tooLong++);
        byte[] flood = new byte[1 << 20];
        Array.Fill(flood, (byte)'x');
        for (int i = 0; i < 10; i++)
        {
            Add(flood);
        }

        Add("\nnext\n"u8.ToArray());
        Add([.. flood.AsSpan(0, ProtocolLimits.MaxLineLength - 1), (byte)'\n']);
        Assert.Equal((1, 1L), (tooLong, reader.Dropped));
        Assert.Equal(["next", new string('x', ProtocolLimits.MaxLineLength - 1)], got);
    }

    [Fact]
    public void A_payload_comes_out_as_it_went_in()
    {
        byte[] payload = new byte[100_000];
        new Random(7).NextBytes(payload);
        Guid of = Guid.NewGuid();
        var assembler = new PayloadAssembler();
        foreach (PayloadPart part in PayloadAssembler.Split(of, payload))
        {
            assembler.Add(part);
        }

        Assert.Equal(payload, assembler.Take(of, payload.Length, PayloadAssembler.HashOf(payload))!);
        Assert.Null(assembler.Take(of, payload.Length, PayloadAssembler.HashOf(payload)));
        Assert.Empty(assembler.Take(of, 0, PayloadAssembler.HashOf([]))!);
    }

    [Fact]
    public void Parts_with_gaps_and_wrong_hashes_and_too_much_are_refused()
    {
        Guid of = Guid.NewGuid();
        var assembler = new PayloadAssembler(maxOpen: 2);
        Assert.Throws<GuestProtocolException>(() => assembler.Add(new PayloadPart(of, 5, [1])));
        assembler.Add(new PayloadPart(of, 0, [1, 2]));
        Assert.Throws<GuestProtocolException>(() => assembler.Add(new PayloadPart(of, 3, [1])));
        Assert.Null(assembler.Take(of, 2, new string('0', 64)));

        byte[] part = new byte[ProtocolLimits.MaxPartLength];
        for (int at = 0; at < ProtocolLimits.MaxPayloadLength; at += part.Length)
        {
            assembler.Add(new PayloadPart(of, at, part));
        }

        Assert.Equal(
            ProtocolDefect.TooLong,
            Assert.Throws<GuestProtocolException>(() => assembler.Add(new PayloadPart(of, ProtocolLimits.MaxPayloadLength, [1]))).Defect);

        // The oldest of too many unfinished ones goes.
        Guid[] flood = [Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()];
        Array.ForEach(flood, id => assembler.Add(new PayloadPart(id, 0, [9])));
        Assert.Null(assembler.Take(flood[0], 1, PayloadAssembler.HashOf([9])));
        Assert.NotNull(assembler.Take(flood[2], 1, PayloadAssembler.HashOf([9])));
    }
}
