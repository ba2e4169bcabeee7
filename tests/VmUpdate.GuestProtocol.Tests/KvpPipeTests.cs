using System.Text;
using VmUpdate.GuestProtocol.Kvp;
using Xunit;

namespace VmUpdate.GuestProtocol.Tests;

public sealed class KvpPipeTests
{
    private readonly Dictionary<string, string> _values = [];
    private readonly KvpPipe _host = new(isHost: true, Guid.NewGuid());
    private KvpPipe _guest = new(isHost: false, Guid.NewGuid());

    [Fact]
    public void What_is_sent_comes_out_of_the_other_end_in_order_and_no_value_is_too_long()
    {
        byte[] down = Bytes(1, 100_000);
        byte[] up = Bytes(2, 50_001);
        _host.Send(down);
        _guest.Send(up);
        List<byte> guestHas = [];
        List<byte> hostHas = [];
        for (int round = 0; round < 200 && guestHas.Count + hostHas.Count < down.Length + up.Length; round++)
        {
            Exchange();
            guestHas.AddRange(TakeAll(_guest));
            hostHas.AddRange(TakeAll(_host));
        }

        Assert.Equal(down, guestHas);
        Assert.Equal(up, hostHas);
        Assert.All(_values.Values, value => Assert.InRange(value.Length, 1, KvpPipe.LongestValue));
        Assert.InRange(_values.Count, 2, 2 * (KvpPipe.Slots + 1));
        Exchange();
        Exchange();
        Assert.Equal((0, 0), (_host.Pending, _guest.Pending));
    }

    [Fact]
    public void Values_that_are_seen_late_or_again_or_in_part_lose_nothing_and_repeat_nothing()
    {
        var random = new Random(5);
        byte[] down = Bytes(3, 60_000);
        _host.Send(down);
        List<byte> guestHas = [];
        Dictionary<string, string> seen = [];
        for (int round = 0; round < 2000 && guestHas.Count < down.Length; round++)
        {
            // Each value arrives some time after it was published; between, the former one is seen.
            Publish(_host);
            Publish(_guest);
            foreach ((string name, string value) in _values.Where(_ => random.Next(3) == 0))
            {
                seen[name] = value;
            }

            _guest.Look(seen);
            _host.Look(seen);
            guestHas.AddRange(TakeAll(_guest));
        }

        Assert.Equal(down, guestHas);
    }

    [Fact]
    public void An_end_that_begins_anew_ends_the_others_stream_and_hears_nothing_of_the_former_life()
    {
        Exchange();
        Exchange();
        _host.Send(Encoding.ASCII.GetBytes("for the former life"));
        Publish(_host);
        _guest = new KvpPipe(isHost: false, Guid.NewGuid());
        _guest.Look(_values);
        Assert.False(_host.IsOver);
        Publish(_guest);
        _guest.Look(_values);
        _host.Look(_values);
        Assert.True(_host.IsOver);
        Assert.Empty(TakeAll(_guest));
        Assert.False(_guest.IsConnected);
        var next = new KvpPipe(isHost: true, Guid.NewGuid());
        next.Send(Encoding.ASCII.GetBytes("for this one"));
        for (int i = 0; i < 3; i++)
        {
            foreach ((string name, string value) in next.TakeChanges())
            {
                _values[name] = value;
            }

            _guest.Look(_values);
            Publish(_guest);
            next.Look(_values);
        }

        Assert.Equal("for this one", Encoding.ASCII.GetString([.. TakeAll(_guest)]));
    }

    [Theory]
    [InlineData("VmUpdate.g.end", "")]
    [InlineData("VmUpdate.g.end", "x y z")]
    [InlineData("VmUpdate.g.end", "00000000000000000000000000000000 LIFE 999")]
    [InlineData("VmUpdate.g.end", "00000000000000000000000000000000 LIFE -1")]
    [InlineData("VmUpdate.g.0", "LIFE 00000000000000000000000000000000 0 !!!!")]
    [InlineData("VmUpdate.g.0", "LIFE 00000000000000000000000000000000 0 ")]
    [InlineData("VmUpdate.g.0", "LIFE 00000000000000000000000000000000 00 AAAA")]
    [InlineData("VmUpdate.g.0", "LIFE 00000000000000000000000000000000 1 AAAA")]
    [InlineData("VmUpdate.g.0", "LIFE 11111111111111111111111111111111 0 AAAA")]
    public void What_has_not_the_form_is_passed_over(string name, string value)
    {
        Exchange();
        string life = _values["VmUpdate.h.end"].Split(' ')[0];
        Dictionary<string, string> hostile = new() { ["VmUpdate.g.end"] = $"00000000000000000000000000000000 {life} 0" };
        hostile[name] = value.Replace("LIFE", life, StringComparison.Ordinal);
        var host = new KvpPipe(isHost: true, Guid.ParseExact(life, "N"));
        host.Look(hostile);
        Assert.Equal(0, host.Available);
        Assert.False(host.IsOver);
    }

    [Fact]
    public void A_guest_that_floods_fills_no_memory()
    {
        Exchange();
        Exchange();
        for (int round = 0; round < 200; round++)
        {
            _guest.Send(Bytes(round, 22_400));
            Exchange();
        }

        Assert.InRange(_host.Available, 1, (1 << 20) + KvpPipe.ChunkBytes);
    }

    [Fact]
    public async Task A_stream_ends_when_the_other_end_begins_anew()
    {
        using var stream = new KvpStream(_host);
        for (int i = 0; i < 3; i++)
        {
            Publish(_guest);
            Merge(stream.Pump(_values));
            _guest.Look(_values);
        }

        Task<int> reading = stream.ReadAsync(new byte[10], 0, 10);
        Assert.False(reading.IsCompleted);
        _guest = new KvpPipe(isHost: false, Guid.NewGuid());
        Publish(_guest);
        stream.Pump(_values);
        Assert.Equal(0, await reading);
        await Assert.ThrowsAsync<IOException>(() => stream.WriteAsync(new byte[1], 0, 1));
    }

    private static byte[] Bytes(int seed, int count)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static List<byte> TakeAll(KvpPipe pipe)
    {
        List<byte> all = [];
        byte[] buffer = new byte[1000];
        for (int count = pipe.Take(buffer); count > 0; count = pipe.Take(buffer))
        {
            all.AddRange(buffer[..count]);
        }

        return all;
    }

    private void Exchange()
    {
        Publish(_host);
        _guest.Look(_values);
        Publish(_guest);
        _host.Look(_values);
    }

    private void Publish(KvpPipe end) => Merge(end.TakeChanges());

    private void Merge(IReadOnlyDictionary<string, string> changes)
    {
        foreach ((string name, string value) in changes)
        {
            _values[name] = value;
        }
    }
}
