using System.Text;
using VmUpdate.GuestAgent.Runs;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>How runs end otherwise than by themselves, and what outlives the agent and the machine's restarts.</summary>
public sealed class RunTests
{
    [Fact]
    public void A_run_that_takes_too_long_is_broken_off_with_what_it_started()
    {
        using var guest = new Guest();
        guest.Start();
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script($"(sleep 3; echo alive > {mark}) & sleep 60");
        Assert.True(guest.Host.HandOver(task with { TimeoutSeconds = 1 }, payload).IsDone);
        TaskReport end = guest.Host.AwaitEnd(task);
        Assert.Equal((7, "broken off: it took longer than 1 s"), (end.Status, end.Message));
        Thread.Sleep(2500);
        Assert.False(File.Exists(mark));
    }

    [Fact]
    public void A_run_is_given_up_when_the_host_asks()
    {
        using var guest = new Guest();
        guest.Start();
        (StartTask task, byte[] payload) = Guest.Script("sleep 60");
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        guest.Host.Await<TaskReport>(report => report.Status == 3);
        Assert.True(guest.Host.Ask(new CancelTask(task.RunId, 1)).IsDone);
        Assert.Equal((7, "given up, as the host asked"), (guest.Host.AwaitEnd(task) is var end ? end.Status : 0, end.Message));
        Assert.Equal(ReplyCodes.UnknownRun, guest.Host.Ask(new CancelTask(Guid.NewGuid(), 1)).Code);
    }

    [Theory]
    [InlineData("", 6, "through")]
    [InlineData("exit 195\n", 7, "given up, as the host asked")]
    public void What_cannot_be_broken_off_is_ended_first_and_restarts_nothing(string last, int status, string message)
    {
        using var guest = new Guest();
        string slow = guest.Program("slow", "#!/bin/sh\nsleep 1\necho through\n" + last);
        guest.Register("Slow", $$"""{ "name": "slow", "executable": "{{slow}}", "canBreakOff": false }""");
        guest.Start();
        (StartTask task, byte[] payload) = Guest.Of("Slow", "Context", []);
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        guest.Host.Await<TaskReport>(report => report.Status == 3);
        Assert.True(guest.Host.Ask(new CancelTask(task.RunId, 1)).IsDone);
        TaskReport end = guest.Host.AwaitEnd(task);
        Assert.Equal((status, message), (end.Status, end.Message));
        Assert.Empty(guest.Machine.Done);
    }

    [Fact]
    public void The_machine_is_restarted_in_the_midst_of_a_run_and_the_run_goes_on()
    {
        using var guest = new Guest();
        guest.Start();
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script($"echo \"part $VMUPDATE_RESTARTS\" >> {mark}; [ $VMUPDATE_RESTARTS = 0 ] && exit 195; echo through");
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        guest.Host.Await<TaskReport>(report => report.Status == 4);
        guest.Machine.WaitFor("restart");
        guest.Stop();

        guest.Machine.Boot = "boot 2";
        guest.Host.Come();
        Hello hello = guest.Start()!;
        Assert.Contains(new RunOnGuest(task.RunId, 1), hello.Runs);
        TaskReport end = guest.Host.AwaitEnd(task);
        Assert.Equal((6, "through"), (end.Status, end.Message));
        Assert.Equal("part 0\npart 1\n", File.ReadAllText(mark));
        List<int> states = [.. guest.Host.Heard.OfType<TaskReport>().Where(report => report.RunId == task.RunId).Select(report => report.Status).Distinct()];
        Assert.Equal([4, 5, 6], states.Where(state => state is 4 or 5 or 6));
    }

    [Theory]
    [InlineData("boot 1", true)]
    [InlineData("boot 2", false)]
    public void A_run_that_is_given_up_while_it_waits_for_its_restart_does_not_go_on(string boot, bool needsRestart)
    {
        using var guest = new Guest();
        guest.Start();
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script($"echo \"part $VMUPDATE_RESTARTS\" >> {mark}; exit 195");
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        guest.Machine.WaitFor("restart");
        Assert.True(guest.Host.Ask(new CancelTask(task.RunId, 1)).IsDone);
        guest.Stop();

        guest.Machine.Done.Clear();
        guest.Machine.Boot = boot;
        for (int start = 0; start < 2; start++)
        {
            guest.Host.Come();
            Assert.Contains(new RunOnGuest(task.RunId, 1), guest.Start()!.Runs);
            TaskReport end = guest.Host.AwaitEnd(task);
            Assert.Equal((7, needsRestart, "given up, as the host asked"), (end.Status, end.NeedsRestart, end.Message));
            Assert.True(guest.Host.Ask(new CancelTask(task.RunId, 1)).IsDone);
            guest.Stop();
        }

        Assert.Equal("part 0\n", File.ReadAllText(mark));
        Assert.Empty(guest.Machine.Done);
    }

    [Fact]
    public void A_run_whose_giving_up_was_not_noted_before_a_crash_goes_on_and_is_given_up_when_asked_again()
    {
        using var guest = new Guest();
        guest.Start();
        (StartTask task, byte[] payload) = Guest.Script("[ $VMUPDATE_RESTARTS = 0 ] && exit 195; sleep 60");
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        guest.Machine.WaitFor("restart");
        guest.Stop();
        File.WriteAllText(Path.Combine(Assert.Single(Directory.GetDirectories(Path.Combine(guest.State, "runs"))), "run.new"), "{\"type\":\"startTask\"");

        guest.Machine.Boot = "boot 2";
        guest.Host.Come();
        guest.Start();
        guest.Host.Await<TaskReport>(report => report.RunId == task.RunId && report.Status == 3);
        Assert.True(guest.Host.Ask(new CancelTask(task.RunId, 1)).IsDone);
        Assert.Equal("given up, as the host asked", guest.Host.AwaitEnd(task).Message);
    }

    [Fact]
    public void That_a_run_is_given_up_is_not_answered_by_yes_when_it_cannot_be_noted()
    {
        using var guest = new Guest();
        guest.Start();
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script($"echo begun > {mark}; sleep 60");
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(mark), TimeSpan.FromSeconds(10)));
        Directory.Delete(Path.Combine(guest.State, "runs"), recursive: true);
        Reply answer = guest.Host.Ask(new CancelTask(task.RunId, 1));
        Assert.Equal((false, ReplyCodes.Failed), (answer.IsDone, answer.Code));
        Assert.StartsWith("the run is given up, and that cannot be noted", answer.Message, StringComparison.Ordinal);
        Assert.Equal("given up, as the host asked", guest.Host.AwaitEnd(task).Message);
    }

    [Fact]
    public void An_agent_that_is_started_again_before_the_machine_goes_down_restarts_it()
    {
        using var guest = new Guest();
        guest.Start();
        (StartTask task, byte[] payload) = Guest.Script("[ $VMUPDATE_RESTARTS = 0 ] && exit 195; echo through");
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        guest.Machine.WaitFor("restart");
        guest.Stop();
        guest.Machine.Done.Clear();
        guest.Host.Come();
        guest.Start();
        guest.Machine.WaitFor("restart");
        Assert.Equal(4, guest.Host.Await<TaskReport>(report => report.RunId == task.RunId).Status);
    }

    [Fact]
    public void A_restart_that_is_not_allowed_or_does_not_work_ends_the_run()
    {
        using var guest = new Guest();
        guest.Machine.WhyNoRestart = "no program for it";
        guest.Start();
        (StartTask first, byte[] payload) = Guest.Script("exit 195");
        Assert.True(guest.Host.HandOver(first with { MayRestart = false }, payload).IsDone);
        TaskReport end = guest.Host.AwaitEnd(first);
        Assert.Equal((7, true), (end.Status, end.NeedsRestart));
        (StartTask second, payload) = Guest.Script("exit 195");
        Assert.True(guest.Host.HandOver(second, payload).IsDone);
        Assert.Contains("no program for it", guest.Host.AwaitEnd(second).Message, StringComparison.Ordinal);
        (StartTask third, payload) = Guest.Script("exit 194");
        Assert.True(guest.Host.HandOver(third, payload).IsDone);
        end = guest.Host.AwaitEnd(third);
        Assert.Equal((6, true), (end.Status, end.NeedsRestart));
        Assert.Empty(guest.Machine.Done);
    }

    [Theory]
    [InlineData("boot 1", "the agent was ended while the task ran")]
    [InlineData("boot 2", "the machine went down while the task ran")]
    public void A_run_that_was_cut_off_is_told_as_failed_and_not_begun_again(string boot, string expected)
    {
        using var guest = new Guest();
        guest.Start();
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script($"echo begun >> {mark}; sleep 2");
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        guest.Host.Await<TaskReport>(report => report.Status == 3);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(mark), TimeSpan.FromSeconds(10)));
        string copy = guest.File("copy");
        CopyFolder(Path.Combine(guest.State, "runs"), copy); // what a kill at this moment leaves on disk
        guest.Host.AwaitEnd(task);
        guest.Stop();
        Directory.Delete(Path.Combine(guest.State, "runs"), recursive: true);
        Directory.Move(copy, Path.Combine(guest.State, "runs"));

        guest.Machine.Boot = boot;
        guest.Host.Come();
        guest.Start();
        TaskReport end = guest.Host.Await<TaskReport>(report => report.RunId == task.RunId);
        Assert.Equal(7, end.Status);
        Assert.StartsWith(expected, end.Message, StringComparison.Ordinal);
        Assert.True(guest.Host.HandOver(task with { RequestId = "again" }, payload).IsDone);
        Assert.Equal(7, guest.Host.AwaitEnd(task).Status);
        Assert.Equal("begun\n", File.ReadAllText(mark));
    }

    [Fact]
    public void A_result_is_told_again_to_a_host_that_begins_anew_and_outlives_the_agent()
    {
        using var guest = new Guest();
        guest.Start();
        (StartTask task, byte[] payload) = Guest.Script("echo well");
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        guest.Host.AwaitEnd(task);
        guest.Host.Greet();
        Assert.Equal("well", guest.Host.AwaitEnd(task).Message);

        guest.Stop();
        guest.Host.Come();
        guest.Start();
        Assert.Equal("well", guest.Host.AwaitEnd(task).Message);
        guest.Host.Send(new QueryTask(task.RunId, 1) { RequestId = "q" });
        Assert.Equal("well", guest.Host.AwaitEnd(task).Message);
    }

    [Fact]
    public void No_more_than_some_runs_are_under_way_and_never_two_attempts_of_one()
    {
        using var guest = new Guest();
        guest.Start();
        (StartTask Task, byte[] Payload)[] tasks = [.. Enumerable.Range(0, TaskDesk.MaxOpen).Select(_ => Guest.Script("sleep 60"))];
        Assert.All(tasks, task => Assert.True(guest.Host.HandOver(task.Task, task.Payload).IsDone));
        (StartTask one, byte[] payload) = Guest.Script("sleep 60");
        Assert.Equal(ReplyCodes.TooMany, guest.Host.HandOver(one, payload).Code);
        Assert.Equal(ReplyCodes.Failed, guest.Host.HandOver(tasks[0].Task with { Attempt = 2, RequestId = "second" }, tasks[0].Payload).Code);
        Assert.All(tasks, task => Assert.True(guest.Host.Ask(new CancelTask(task.Task.RunId, 1)).IsDone));
    }

    [Fact]
    public void Results_are_kept_for_their_time_and_no_more_than_some()
    {
        using var guest = new Guest();
        var book = new RunBook(Path.Combine(guest.State, "runs"), new AgentLog(null, null));
        Directory.CreateDirectory(guest.State);
        book.Load();
        List<RunRecord> records = [.. Enumerable.Range(0, RunBook.MaxRuns + 20).Select(i =>
        {
            (StartTask task, byte[] payload) = Guest.Script($"{i}");
            TimeSpan age = i == 50 ? RunBook.KeepResults + TimeSpan.FromHours(1) : TimeSpan.FromMinutes(i);
            var record = new RunRecord(task, new TaskReport(task.RunId, 1, 6, 100, false, ""), "boot 0", 0, DateTime.UtcNow - age);
            book.Begin(record, payload);
            return record;
        })];
        HashSet<Guid> kept = [.. guest.Start()!.Runs.Select(run => run.RunId)];
        Assert.InRange(kept.Count, RunBook.MaxRuns - 10, RunBook.MaxRuns);
        Assert.Contains(records[0].Task.RunId, kept);
        Assert.DoesNotContain(records[50].Task.RunId, kept);
        Assert.DoesNotContain(records[^1].Task.RunId, kept);
        Assert.Equal(kept.Count, Directory.GetDirectories(Path.Combine(guest.State, "runs")).Length);
    }

    [Fact]
    public void What_is_broken_on_disk_is_removed_and_hinders_nothing()
    {
        using var guest = new Guest();
        (StartTask task, _) = Guest.Script("true");
        string lines = Encoding.UTF8.GetString([.. MessageCodec.Encode(task), .. MessageCodec.Encode(new TaskReport(task.RunId, 1, 4, null, false, ""))]);
        foreach (string content in new[] { "", "{}\n{}\n{}", "not json\nat all\n!", lines + "{}", lines + """{"boot":"b","restarts":0,"changed":"2026-01-01T00:00:00Z","canceled":1}""" })
        {
            string folder = Path.Combine(guest.State, "runs", Guid.NewGuid().ToString("N") + ".1");
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "run"), content);
        }

        Directory.CreateDirectory(Path.Combine(guest.State, "runs", "half-made"));
        Assert.Empty(guest.Start()!.Runs);
        Assert.Empty(Directory.GetDirectories(Path.Combine(guest.State, "runs")));
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.GetDirectories(from))
        {
            CopyFolder(folder, Path.Combine(to, Path.GetFileName(folder)));
        }

        foreach (string file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }
}
