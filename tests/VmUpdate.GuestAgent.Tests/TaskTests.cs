using System.Text;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>Tasks on their way from the host to an update agent, and what the host hears of them.</summary>
public sealed class TaskTests
{
    [Fact]
    public void A_script_runs_and_its_progress_and_result_are_told()
    {
        using var guest = new Guest();
        Hello hello = guest.Start()!;
        Assert.Equal("GUEST-1", hello.ComputerName);
        Assert.Contains("Script", hello.Instructors);

        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script(
            $$"""
            echo '{"status":"Downloading","percent":20,"text":"fetching"}'
            sleep 0.3
            echo 'progress 70 nearly there'
            echo "$VMUPDATE_RUN $VMUPDATE_ATTEMPT $VMUPDATE_KIND $VMUPDATE_NAME" > {{mark}}
            sleep 0.3
            echo all is well
            """);
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        TaskReport end = guest.Host.AwaitEnd(task);

        Assert.Equal((6, 100, false, "all is well"), (end.Status, end.Percent, end.NeedsRestart, end.Message));
        Assert.Equal($"{task.RunId} 1 Configuration Nightly\n", File.ReadAllText(mark));
        List<TaskReport> reports = [.. guest.Host.Heard.OfType<TaskReport>()];
        Assert.Contains(reports, report => report is { Status: 2, Percent: 20, Message: "fetching" });
        Assert.Contains(reports, report => report is { Status: 3, Percent: 70, Message: "nearly there" });
    }

    [Fact]
    public void A_task_that_comes_again_is_begun_once_and_its_report_told_again()
    {
        using var guest = new Guest();
        guest.Start();
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script($"echo once >> {mark}");
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        Assert.True(guest.Host.HandOver(task with { RequestId = "again" }, payload).IsDone);
        guest.Host.AwaitEnd(task);
        Assert.True(guest.Host.HandOver(task with { RequestId = "third" }, payload).IsDone);
        guest.Host.AwaitEnd(task);
        Assert.Equal("once\n", File.ReadAllText(mark));
    }

    [Fact]
    public void A_payload_that_is_not_the_announced_one_is_not_begun()
    {
        using var guest = new Guest();
        guest.Start();
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script($"echo ran > {mark}");
        Reply changed = guest.Host.HandOver(task, [.. payload, (byte)' ']);
        Reply missing = guest.Host.HandOver(task with { RequestId = "none" }, []);
        Assert.Equal((ReplyCodes.PayloadMismatch, ReplyCodes.PayloadMismatch), (changed.Code, missing.Code));
        Assert.True(guest.Host.HandOver(task with { RequestId = "right" }, payload).IsDone);
        guest.Host.AwaitEnd(task);
        Assert.True(File.Exists(mark));
    }

    [Fact]
    public void An_unknown_instructor_is_told_as_such()
    {
        using var guest = new Guest();
        guest.Start();
        (StartTask task, byte[] payload) = Guest.Of("Nobody", "Context", Encoding.UTF8.GetBytes("x"));
        Assert.Equal(ReplyCodes.NoUpdateAgent, guest.Host.HandOver(task, payload).Code);
        Assert.Equal(ReplyCodes.UnknownRun, guest.Host.Ask(new QueryTask(task.RunId, 1)).Code);
    }

    [Fact]
    public void What_comes_after_its_deadline_by_the_host_s_clock_is_not_begun()
    {
        using var guest = new Guest();
        guest.Start();
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script($"echo ran > {mark}");
        var now = new DateTime(2031, 1, 1, 12, 0, 0, DateTimeKind.Utc);
        guest.Host.Send(new Ping { RequestId = "tells the time", Sent = now });
        Reply late = guest.Host.HandOver(task with { Deadline = now.AddMinutes(-1) }, payload);
        Assert.Equal(ReplyCodes.TooLate, late.Code);
        Assert.False(File.Exists(mark));

        // This machine's own clock is years behind, and does not count.
        Assert.True(guest.Host.HandOver(task with { RequestId = "in time", Deadline = now.AddMinutes(1), Sent = now }, payload).IsDone);
        Assert.Equal(6, guest.Host.AwaitEnd(task).Status);
    }
}
