using System.Text;
using VmUpdate.GuestAgent.Channels;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>The channel to the host: absent, late, blocked, broken, full of nonsense.</summary>
public sealed class ChannelTests
{
    [Fact]
    public void A_host_that_is_not_there_yet_is_met_when_it_comes_and_again_after_it_went()
    {
        using var guest = new Guest(hostIsThere: false);
        guest.Start(meet: false);
        Thread.Sleep(300);
        guest.Host.Come();
        guest.Host.Meet();
        (StartTask task, byte[] payload) = Guest.Script("sleep 1; echo well");
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        guest.Host.Go();
        Thread.Sleep(1200);
        guest.Host.Come();
        Hello hello = guest.Host.Meet();
        Assert.Contains(new RunOnGuest(task.RunId, 1), hello.Runs);
        Assert.Equal("well", guest.Host.AwaitEnd(task).Message);
    }

    [Fact]
    public void A_port_without_a_host_blocks_nothing_and_its_host_hears_the_last_word()
    {
        using var port = new SerialPort();
        var came = new List<GuestMessage>();
        using var link = new HostLink(() => new HostStream(port, OutlivesHost: true), () => { }, came.Add, new AgentLog(null, null));
        link.Start();
        var run = Guid.NewGuid();
        for (int percent = 0; percent <= 100; percent++)
        {
            link.Send(new TaskReport(run, 1, 3, percent, false, "works"));
        }

        link.Send(new TaskReport(run, 1, 6, 100, false, "done"));
        Assert.True(SpinWait.SpinUntil(() => port.Blocked > 0, TimeSpan.FromSeconds(10)));
        link.Drain(TimeSpan.FromMilliseconds(50));

        // The host comes, and speaks before it hears.
        port.Say("\n{\"type\":\"ping\"}\n"u8.ToArray());
        Assert.True(SpinWait.SpinUntil(() => came.Count == 1, TimeSpan.FromSeconds(10)));
        port.SetHost(true);
        link.Drain(TimeSpan.FromSeconds(10));
        string[] heard = port.Heard;
        Assert.InRange(heard.Length, 2, 3);
        Assert.Contains("\"status\":6", heard[^1], StringComparison.Ordinal);
        port.SetHost(false);
    }

    [Fact]
    public void A_host_that_reads_nothing_does_not_stop_a_run()
    {
        using var guest = new Guest();
        guest.Start(meet: false);
        guest.Host.MeetWithoutReading();
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script($"echo ran > {mark}");
        for (int i = 0; i < 5000; i++)
        {
            guest.Host.Send(new QueryTask(Guid.NewGuid(), 1) { RequestId = new string('x', 60) });
        }

        foreach (PayloadPart part in PayloadAssembler.Split(task.RunId, payload))
        {
            guest.Host.Send(part);
        }

        guest.Host.Send(task);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(mark), TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void A_host_of_the_future_hears_hello_and_nothing_else()
    {
        using var guest = new Guest();
        guest.Start(meet: false);
        Hello hello = guest.Host.Meet(oldest: 7, newest: 9);
        Assert.Equal(ProtocolVersion.Newest, hello.NewestVersion);
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script($"echo ran > {mark}");
        foreach (PayloadPart part in PayloadAssembler.Split(task.RunId, payload))
        {
            guest.Host.Send(part);
        }

        guest.Host.Send(task);
        guest.Host.Send(new Ping { RequestId = "p" });
        guest.Host.Greet(oldest: 7, newest: 9);
        Assert.All(guest.Host.Heard, message => Assert.IsType<Hello>(message));
        Assert.False(File.Exists(mark));
        Assert.Contains("nothing else is said until one of them is updated", guest.Log.ToString(), StringComparison.Ordinal);

        // It was updated.
        guest.Host.Greet(oldest: 1, newest: 9);
        Assert.True(guest.Host.Ask(new Ping()).IsDone);
    }

    [Fact]
    public void Messages_of_a_newer_host_are_answered_and_its_fields_passed_over()
    {
        using var guest = new Guest();
        guest.Start();
        guest.Host.SendText("{\"type\":\"teleport\",\"requestId\":\"t\",\"to\":\"mars\"}\n");
        Assert.Equal(ReplyCodes.NotSupported, guest.Host.Await<Reply>(reply => reply.To == "t").Code);
        guest.Host.SendText("{\"type\":\"ping\",\"requestId\":\"p\",\"colour\":{\"is\":[1]}}\n");
        Assert.True(guest.Host.Await<Reply>(reply => reply.To == "p").IsDone);
        Assert.Equal(ReplyCodes.NotSupported, guest.Host.Ask(new SessionList("x", [])).Code);
    }

    [Fact]
    public void Nonsense_is_passed_over_and_fills_neither_memory_nor_the_log()
    {
        using var guest = new Guest();
        guest.Start();
        var nonsense = new StringBuilder();
        for (int i = 0; i < 20_000; i++)
        {
            nonsense.Append("{\"type\":\"startTask\",\"runId\":\"").Append(i).Append("\"}\n\u0001\u0002[]\n");
        }

        guest.Host.SendText(nonsense.ToString());
        guest.Host.SendText(new string('x', 10 * 1024 * 1024) + "\n");
        Assert.True(guest.Host.Ask(new Ping()).IsDone);
        Assert.InRange(guest.Log.ToString().Length, 1, 20_000);
    }

    [Fact]
    public void The_log_is_of_bounded_size()
    {
        using var guest = new Guest();
        string path = guest.File("agent.log");
        var log = new AgentLog(path, null, maxLength: 10_000);
        for (int i = 0; i < 1000; i++)
        {
            log.Write($"sentence {i}\nforged line {new string('x', 100)}");
        }

        Assert.InRange(new FileInfo(path).Length + new FileInfo(path + ".1").Length, 10_000, 25_000);
        Assert.DoesNotContain("\nforged", File.ReadAllText(path), StringComparison.Ordinal);
    }
}
