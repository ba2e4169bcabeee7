using VmUpdate.GuestAgent.Commands;
using VmUpdate.GuestAgent.Local;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>What programs of the machine may say to the trigger agent.</summary>
public sealed class LocalApiTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_request_goes_to_the_host_with_its_payload_and_its_answer_comes_back()
    {
        using var guest = new Guest();
        guest.Start();
        using var call = new LocalCall(Platform.ConnectLocal(guest.Api));
        byte[] payload = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i & 0xFF))];
        UpdateRequest request = Ask(call, payload);
        UpdateRequest heard = guest.Host.Await<UpdateRequest>();
        Assert.Equal(request, heard with { RequestId = request.RequestId, Sent = null });
        var assembler = new PayloadAssembler();
        guest.Host.Heard.OfType<PayloadPart>().ToList().ForEach(assembler.Add);
        Assert.Equal(payload, assembler.Take(heard.Id, heard.PayloadLength, heard.PayloadHash));

        guest.Host.Send(new Reply(heard.RequestId, false, ReplyCodes.NotAllowed, "not urgent, please"));
        Reply reply = Assert.IsType<Reply>(call.Receive(Patience));
        Assert.Equal((request.RequestId, false, ReplyCodes.NotAllowed, "not urgent, please"), (reply.To, reply.IsDone, reply.Code, reply.Message));
    }

    [Fact]
    public void A_request_waits_for_the_host_and_is_said_again_to_one_that_begins_anew()
    {
        using var guest = new Guest(hostIsThere: false);
        guest.Start(meet: false);
        using var call = new LocalCall(Platform.ConnectLocal(guest.Api));
        UpdateRequest request = Ask(call, "x"u8.ToArray());
        call.Send(new Ping { RequestId = "p" });
        Assert.False(Assert.IsType<Reply>(call.Receive(Patience)).IsDone);

        guest.Host.Come();
        guest.Host.Meet();
        Assert.Equal(request.Id, guest.Host.Await<UpdateRequest>().Id);
        guest.Host.Greet();
        UpdateRequest again = guest.Host.Await<UpdateRequest>();
        Assert.Equal(request.Id, again.Id);
        Assert.Equal(2, guest.Host.Heard.OfType<PayloadPart>().Count());
        guest.Host.Send(new Reply(again.RequestId, true, string.Empty, "soon"));
        Assert.True(Assert.IsType<Reply>(call.Receive(Patience)).IsDone);
    }

    [Fact]
    public void Programs_of_the_machine_ask_for_updates_and_order_nothing()
    {
        using var guest = new Guest();
        guest.Start();
        using var call = new LocalCall(Platform.ConnectLocal(guest.Api));
        (StartTask task, _) = Guest.Script("true");
        GuestMessage[] orders = [task, new RestartGuest(), new ShutDownGuest(), new AllowLogons(false), new LogOffSession(4), new CancelTask(task.RunId, 1)];
        foreach (GuestMessage order in orders)
        {
            call.Send(order with { RequestId = "o" });
            Assert.Equal(ReplyCodes.NotAllowed, Assert.IsType<Reply>(call.Receive(Patience)).Code);
        }

        call.Send(new UpdateRequest(Guid.NewGuid(), "n", "Configuration", "Script", false, null, null, null, "Command", "", 4, new string('0', 64)) { RequestId = "r" });
        Assert.Equal(ReplyCodes.PayloadMismatch, Assert.IsType<Reply>(call.Receive(Patience)).Code);
        Assert.Empty(guest.Machine.Done);
    }

    [Fact]
    public void One_program_s_flood_is_hung_up_on_and_harms_no_other()
    {
        using var guest = new Guest();
        guest.Start();
        using (Stream flood = Platform.ConnectLocal(guest.Api))
        {
            byte[] line = MessageCodec.Encode(new Ping { RequestId = "p" });
            Assert.ThrowsAny<IOException>(() =>
            {
                for (int i = 0; i < 1_000_000; i++)
                {
                    flood.Write(line);
                }
            });
        }

        using (Stream garbage = Platform.ConnectLocal(guest.Api))
        {
            Assert.ThrowsAny<IOException>(() =>
            {
                for (int i = 0; i < 1_000_000; i++)
                {
                    garbage.Write("{}\nnonsense\n"u8);
                }
            });
        }

        using var call = new LocalCall(Platform.ConnectLocal(guest.Api));
        call.Send(new Hello(1, 1, "test", "", [], []) { RequestId = "h" });
        Assert.Contains("Script", Assert.IsType<Hello>(call.Receive(Patience)).Instructors);
        Assert.True(guest.Host.Ask(new Ping()).IsDone);
    }

    [Fact]
    public void Requests_are_limited_in_number_and_rate()
    {
        using var guest = new Guest();
        guest.Start();
        using var call = new LocalCall(Platform.ConnectLocal(guest.Api));
        for (int i = 0; i < RequestDesk.MaxOpen; i++)
        {
            Ask(call, []);
        }

        Ask(call, []);
        Assert.Equal(ReplyCodes.TooMany, Assert.IsType<Reply>(call.Receive(Patience)).Code);
        for (int i = 0; i < RequestDesk.MaxOpen; i++)
        {
            guest.Host.Send(new Reply(guest.Host.Await<UpdateRequest>().RequestId, true, string.Empty, string.Empty));
            Assert.True(Assert.IsType<Reply>(call.Receive(Patience)).IsDone);
        }

        int refused = 0;
        for (int i = 0; i < LocalApi.RequestsPerMinute && refused == 0; i++)
        {
            UpdateRequest request = Ask(call, []);
            SpinWait.SpinUntil(() => guest.Host.Heard.OfType<UpdateRequest>().Any(heard => heard.Id == request.Id), TimeSpan.FromMilliseconds(300));
            if (guest.Host.Heard.OfType<UpdateRequest>().LastOrDefault(heard => heard.Id == request.Id) is { } heard)
            {
                guest.Host.Send(new Reply(heard.RequestId, true, string.Empty, string.Empty));
            }

            refused += Assert.IsType<Reply>(call.Receive(Patience)).Code == ReplyCodes.TooMany ? 1 : 0;
        }

        Assert.Equal(1, refused);
    }

    [Fact]
    public void No_more_than_some_programs_are_served_at_once()
    {
        using var guest = new Guest();
        guest.Start();
        List<LocalCall> calls = [.. Enumerable.Range(0, LocalApi.MaxClients).Select(_ => new LocalCall(Platform.ConnectLocal(guest.Api)))];
        foreach (LocalCall call in calls)
        {
            call.Send(new Ping { RequestId = "p" });
            Assert.IsType<Reply>(call.Receive(Patience));
        }

        using (var oneMore = new LocalCall(Platform.ConnectLocal(guest.Api)))
        {
            Assert.ThrowsAny<IOException>(() =>
            {
                oneMore.Send(new Ping { RequestId = "p" });
                oneMore.Receive(Patience);
            });
        }

        calls.ForEach(call => call.Dispose());
    }

    [Fact]
    public void The_socket_is_root_s_alone()
    {
        using var guest = new Guest();
        guest.Start();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(guest.Api));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(guest.Api)!));
    }

    private static UpdateRequest Ask(LocalCall call, byte[] payload)
    {
        var request = new UpdateRequest(
            Guid.NewGuid(),
            "Patch",
            "ApplicationUpgrade",
            "Script",
            true,
            new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
            null,
            null,
            "Command",
            string.Empty,
            payload.Length,
            PayloadAssembler.HashOf(payload))
        {
            RequestId = "mine",
        };
        foreach (PayloadPart part in PayloadAssembler.Split(request.Id, payload))
        {
            call.Send(part);
        }

        call.Send(request);
        return request;
    }
}
