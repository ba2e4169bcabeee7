using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Tests.Tasks;
using Xunit;

namespace VmUpdate.Core.Tests.Broker;

public sealed class RunLifeTests
{
    private static readonly UserSession Owner = new(1, "owner", IsActive: false);
    private static readonly UserSession Visitor = new(2, "visitor", IsActive: true);

    [Theory]
    [InlineData(VmPowerState.Saved)]
    [InlineData(VmPowerState.Off)]
    [InlineData(VmPowerState.Paused)]
    public void A_sleeping_machine_is_woken_updated_and_put_back_as_it_was(VmPowerState found)
    {
        var bench = new BrokerBench();
        TargetMachine vm = bench.Vm(1, found);
        UpdateRun run = bench.Register(SampleTask.Make(), vm);
        Assert.Equal(found, bench.Ordered<BrokerAction.Wake>().From);
        Assert.Equal(found, Assert.Single(bench.Last.Awake).Found);
        bench.BringToGuest(run, Owner);
        foreach (GuestStatus status in new[] { GuestStatus.Downloading, GuestStatus.Applying, GuestStatus.Success })
        {
            bench.Report(run, status);
        }

        Assert.Equal(RunState.Succeeded, bench.Get(run).State);
        bench.AnswerSessions(Owner);
        Assert.Equal(found, bench.Ordered<BrokerAction.PutBack>().To);
        bench.Ended(bench.Ordered<BrokerAction.PutBack>());
        Assert.Equal([vm.Key], bench.Last.NotAwake);
        Assert.True(bench.State.IsQuiet);
        Assert.Equal(
            [RunState.Waking, RunState.Searching, RunState.Downloading, RunState.Applying, RunState.Succeeded],
            bench.Journal.Where(j => j.State is not null).Select(j => j.State!.Value));
    }

    [Fact]
    public void Of_what_is_through_nothing_is_kept_in_mind()
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1, VmPowerState.Running));
        bench.BringToGuest(run);
        bench.Report(run, GuestStatus.Success);
        Assert.Equal((0, 0, 0), (bench.State.Tasks.Count, bench.State.Runs.Count, bench.State.Timers.Count));
    }

    [Fact]
    public void A_wake_that_the_host_does_not_answer_is_given_up_and_said_so_until_the_machine_is_seen_asleep()
    {
        var bench = new BrokerBench();
        TargetMachine vm = bench.Vm(1);
        UpdateRun run = bench.Register(SampleTask.Make(), vm);
        bench.Ended(bench.Ordered<BrokerAction.Wake>(), new ActionFailure(nameof(RunReason.CallNotEnded), "no answer", true));
        Assert.Equal((RunState.LeftAwake, RunReason.CallNotEnded, RunState.Failed), (bench.Get(run).State, bench.Get(run).Reason, bench.Get(run).Outcome));
        Assert.Equal((1, true), (bench.State.Gate.Awake, bench.Last.Awake.Single().IsLeft));
        Assert.True(bench.State.IsQuiet);
        bench.Step(new Observation.VmSeen(vm, VmPowerState.Saved, "C:", null));
        Assert.Equal(0, bench.State.Gate.Awake);
        bench.Ordered<BrokerAction.ClearMark>();
    }

    [Fact]
    public void A_running_machine_is_updated_where_it_is_and_left_running()
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1, VmPowerState.Running));
        bench.BringToGuest(run, Visitor);
        bench.Report(run, GuestStatus.Success);
        Assert.Equal(RunState.Succeeded, bench.Get(run).State);
        Assert.Empty(bench.Last.Actions);
        Assert.Empty(bench.Last.Awake);
        Assert.True(bench.State.IsQuiet);
    }

    [Fact]
    public void A_user_who_comes_keeps_the_machine()
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1));
        bench.BringToGuest(run, Owner);
        bench.Report(run, GuestStatus.Success);
        bench.AnswerSessions(Owner, Visitor);
        Assert.DoesNotContain(bench.Last.Actions, a => a is BrokerAction.PutBack);
        Assert.Contains(bench.Last.Journal, j => j.Reason == RunReason.UserArrived);
        Assert.Equal(0, bench.State.Gate.Awake);
    }

    [Fact]
    public void Unknown_sessions_count_as_in_use_unless_the_task_allows_them()
    {
        foreach (bool allow in new[] { false, true })
        {
            var bench = new BrokerBench();
            UpdateRun run = bench.Register(SampleTask.Make() with { AllowUnknownSessions = allow }, bench.Vm(1));
            bench.BringToGuest(run);
            bench.Report(run, GuestStatus.Success);
            BrokerAction.ReadSessions ask = bench.Ordered<BrokerAction.ReadSessions>();
            bench.Step(new Observation.SessionsSeen(ask.Vm, null), new Observation.ActionEnded(ask.Id, null));
            Assert.Equal(allow ? RunState.Succeeded : RunState.LeftAwake, bench.Get(run).State);
            Assert.Equal(allow, bench.Last.Actions.OfType<BrokerAction.PutBack>().Any());
        }
    }

    [Theory]
    [InlineData(RestartPolicy.IfNoSession, false, true)]
    [InlineData(RestartPolicy.IfNoSession, true, false)]
    [InlineData(RestartPolicy.Never, false, false)]
    [InlineData(RestartPolicy.Always, true, true)]
    public void A_needed_restart_is_done_or_left_pending_by_the_policy(RestartPolicy policy, bool hasSession, bool restarts)
    {
        var bench = new BrokerBench();
        UserSession[] sessions = hasSession ? [Owner] : [];
        UpdateRun run = bench.Register(SampleTask.Make() with { RestartPolicy = policy }, bench.Vm(1));
        bench.BringToGuest(run, sessions);
        bench.Report(run, GuestStatus.Applying);
        bench.Report(run, GuestStatus.Success, needsRestart: true);
        if (policy == RestartPolicy.IfNoSession)
        {
            bench.AnswerSessions(sessions);
        }

        if (restarts)
        {
            Assert.Equal(RunState.Rebooting, bench.Get(run).State);
            bench.Ended(bench.Ordered<BrokerAction.RestartGuest>());
            bench.Step(new Observation.GuestAnswered(run.Vm, []));
        }

        Assert.Equal((RunState.Succeeded, !restarts), (bench.Get(run).State, bench.Get(run).IsRestartPending));
        Assert.Equal(RunState.Succeeded, bench.Get(run).State);
    }

    [Fact]
    public void A_guest_that_is_applying_when_its_time_is_over_is_left_awake_and_put_back_when_it_is_through()
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1));
        bench.BringToGuest(run, Owner);
        bench.Report(run, GuestStatus.Applying);
        bench.After(TimeSpan.FromHours(1));
        Assert.Equal((RunState.LeftAwake, RunReason.StillApplying, RunState.TimedOut), (bench.Get(run).State, bench.Get(run).Reason, bench.Get(run).Outcome));
        Assert.DoesNotContain(bench.Last.Actions, a => a is BrokerAction.PutBack);
        Assert.Equal(1, bench.State.Gate.Awake);
        bench.Report(run, GuestStatus.Success);
        bench.AnswerSessions(Owner);
        bench.Ended(bench.Ordered<BrokerAction.PutBack>());
        Assert.Equal(0, bench.State.Gate.Awake);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_guest_whose_end_went_unheard_is_asked_and_its_machine_put_back(bool remembers)
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1));
        bench.BringToGuest(run);
        bench.Report(run, GuestStatus.Applying);
        bench.After(TimeSpan.FromHours(1));
        Assert.Equal([new BusyRun(run.Id, 1, RunState.Applying)], bench.Last.Awake.Single().BusyWith);
        bench.After(TimeSpan.FromMinutes(5));
        BrokerAction.AskProgress ask = bench.Ordered<BrokerAction.AskProgress>();
        Assert.Equal((run.Id, 1), (ask.RunId, ask.Attempt));
        if (remembers)
        {
            bench.Step(new Observation.GuestReported(run.Vm, run.Id, 1, (int)GuestStatus.Success, null, false, string.Empty), new Observation.ActionEnded(ask.Id, null));
        }
        else
        {
            bench.Ended(ask, new ActionFailure("GuestForgot", "it knows nothing of it", false));
        }

        bench.AnswerSessions();
        bench.Ended(bench.Ordered<BrokerAction.PutBack>());
        Assert.Equal(0, bench.State.Gate.Awake);
        Assert.Equal(RunState.LeftAwake, bench.Get(run).State);
    }

    [Fact]
    public void The_next_broker_asks_the_guest_before_it_leaves_a_machine_awake_again()
    {
        var bench = new BrokerBench();
        TargetMachine vm = bench.Vm(1, VmPowerState.Running);
        var old = new BusyRun(Guid.NewGuid(), 2, RunState.Applying);
        var awake = new AwakeMachine(vm.Key, vm.Name, VmPowerState.Saved, SampleTask.Now, null, false, RunReason.StillApplying, "it is", []) { BusyWith = [old] };
        bench.Step(new Observation.AwakeRestored(awake, null), new Observation.VmSeen(vm, VmPowerState.Running, "C:", null));
        BrokerAction.AskProgress ask = bench.Ordered<BrokerAction.AskProgress>();
        Assert.Equal((old.RunId, old.Attempt), (ask.RunId, ask.Attempt));
        bench.Step(new Observation.GuestReported(vm.Key, ask.RunId, 2, (int)GuestStatus.Applying, null, false, string.Empty), new Observation.ActionEnded(ask.Id, null));
        Assert.Empty(bench.Last.Actions);
        Assert.Equal(1, bench.State.Gate.Awake);
    }

    [Fact]
    public void A_clean_stop_that_does_not_end_leaves_the_machine_awake_and_is_never_replaced_by_force()
    {
        var bench = new BrokerBench();
        TargetMachine vm = bench.Vm(1, VmPowerState.Off);
        UpdateRun run = bench.Register(SampleTask.Make(), vm);
        bench.BringToGuest(run);
        bench.Report(run, GuestStatus.Success);
        bench.AnswerSessions();
        bench.Ended(bench.Ordered<BrokerAction.PutBack>(), new ActionFailure("ShutdownTimedOut", "it did not stop", true));
        Assert.Equal((RunState.LeftAwake, RunReason.CleanStopNotEnded), (bench.Get(run).State, bench.Get(run).Reason));
        for (int i = 0; i < 10; i++)
        {
            bench.After(TimeSpan.FromHours(1), new Observation.VmSeen(vm, VmPowerState.Running, "C:", VmPowerState.Off));
            Assert.DoesNotContain(bench.Last.Actions, a => a is BrokerAction.PutBack);

            // And nothing is waited for that time alone would bring: a broker that did would never rest.
            Assert.Null(bench.Last.NextIn);
        }

        bench.After(TimeSpan.FromHours(1), new Observation.VmSeen(vm, VmPowerState.Off, "C:", VmPowerState.Off));
        Assert.Equal([vm.Key], bench.Last.NotAwake);
    }

    [Fact]
    public void An_operating_system_upgrade_that_loses_its_agent_three_times_succeeds()
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make(UpdateTaskKind.OperatingSystemUpgrade), bench.Vm(1));
        bench.BringToGuest(run);
        for (int i = 0; i < 3; i++)
        {
            bench.Report(run, GuestStatus.Applying);
            bench.Step(new Observation.GuestSilent(run.Vm));
            BrokerAction.AwaitGuest wait = bench.Ordered<BrokerAction.AwaitGuest>();
            bench.After(TimeSpan.FromMinutes(55));
            Assert.Equal(RunState.Applying, bench.Get(run).State);
            bench.Step(new Observation.GuestAnswered(run.Vm, []), new Observation.ActionEnded(wait.Id, null));
            bench.Ended(bench.Ordered<BrokerAction.AskProgress>());
            bench.Report(run, GuestStatus.Rebooted);
        }

        bench.Report(run, GuestStatus.Success);
        Assert.Equal(RunState.Succeeded, bench.Get(run).State);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(8, null)]
    [InlineData(99, null)]
    [InlineData(-1, null)]
    [InlineData(5, null)]
    [InlineData(3, 300)]
    public void Nonsense_from_a_guest_fails_the_run_and_is_noted(int status, int? percent)
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make() with { Retry = RetryRule.Of(3) }, bench.Vm(1));
        bench.BringToGuest(run);
        bench.Step(new Observation.GuestReported(run.Vm, run.Id, 1, status, percent, false, "\u001b[2J"));
        Assert.Equal((RunState.Failed, RunReason.GuestNonsense), (bench.Get(run).State, bench.Get(run).Reason));
    }

    [Fact]
    public void A_failed_run_is_tried_again_by_its_rule_and_no_more_often()
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make() with { Retry = new RetryRule(1, TimeSpan.FromMinutes(5), TimeSpan.FromHours(1)) }, bench.Vm(1, VmPowerState.Running));
        bench.BringToGuest(run);
        bench.Report(run, GuestStatus.Failed);
        Assert.Equal((RunState.Pending, RunReason.WaitingForRetry, 2), (bench.Get(run).State, bench.Get(run).Reason, bench.Get(run).Attempt));
        bench.After(TimeSpan.FromMinutes(5));
        bench.BringToGuest(run);
        bench.Report(run, GuestStatus.Failed);
        Assert.Equal(RunState.Failed, bench.Get(run).State);
    }

    [Fact]
    public void A_recurring_task_plans_its_next_run_when_one_ends_and_what_was_missed_comes_once()
    {
        var bench = new BrokerBench();
        UpdateTask task = SampleTask.Make() with { Schedule = new TaskSchedule { StartTime = SampleTask.Now.AddMinutes(1), Recurrence = "0 * * * *", TimeZoneId = "UTC" } };
        UpdateRun run = bench.Register(task, bench.Vm(1, VmPowerState.Running));
        bench.After(TimeSpan.FromHours(5.5));
        bench.BringToGuest(run);
        bench.Report(run, GuestStatus.Success);
        UpdateRun next = Assert.Single(bench.State.Runs.Values).Data;
        Assert.Equal((2, SampleTask.Now.AddHours(6)), (next.Occurrence, next.Due));
    }

    [Fact]
    public void A_recurring_run_that_is_called_off_before_its_time_leaves_that_time_out_and_the_end_ends_it()
    {
        var bench = new BrokerBench();
        var schedule = new TaskSchedule
        {
            StartTime = SampleTask.Now.AddHours(3).AddMinutes(1), EndTime = SampleTask.Now.AddHours(5).AddMinutes(30), Recurrence = "0 * * * *", TimeZoneId = "UTC",
        };
        UpdateRun run = bench.Register(SampleTask.Make() with { Schedule = schedule }, bench.Vm(1));
        Assert.Equal(SampleTask.Now.AddHours(4), run.Due);
        bench.Step(new Observation.CancelAsked(run.Id));
        UpdateRun next = Assert.Single(bench.State.Runs.Values).Data;
        Assert.Equal((2, SampleTask.Now.AddHours(5)), (next.Occurrence, next.Due));
        bench.Step(new Observation.CancelAsked(next.Id));
        Assert.Empty(bench.State.Runs);
    }

    [Fact]
    public void A_recurring_run_that_was_called_off_before_its_time_stays_so_for_the_next_broker()
    {
        UpdateTask task = SampleTask.Make() with
        {
            Targets = new TaskTargets { Kinds = TargetKinds.All },
            Schedule = new TaskSchedule { EndTime = SampleTask.Now.AddHours(1.5), Recurrence = "30 * * * *", TimeZoneId = "UTC" },
        };
        TargetMachine vm = SampleTask.Machine(1);
        foreach (bool hasPast in new[] { false, true })
        {
            // The last of the task's times is half an hour ahead.
            var bench = new BrokerBench();
            bench.After(TimeSpan.FromHours(1));
            var past = new PastRun(vm.Key, SampleTask.Now.AddHours(1.5), 2);
            bench.Step(new Observation.TaskAdded(task, []) { Past = hasPast ? [past] : [] }, new Observation.VmSeen(vm, VmPowerState.Saved, "C:", null));
            Assert.Equal(hasPast ? 0 : 1, bench.State.Runs.Count);
        }
    }

    [Fact]
    public void Too_many_failures_hold_the_rest_until_somebody_resumes_the_task()
    {
        var bench = new BrokerBench(new HostLimits { MaxRuns = 1 });
        UpdateRun first = bench.Register(
            SampleTask.Make() with { FailureLimit = new FailureLimit(1, null) }, bench.Vm(1, VmPowerState.Running), bench.Vm(2, VmPowerState.Running));
        bench.BringToGuest(first);
        bench.Report(first, GuestStatus.Failed);
        Assert.Equal([first.TaskId], bench.Last.HeldTasks);
        Assert.Equal((RunState.Held, RunReason.FailureLimitReached), (Assert.Single(bench.State.Runs.Values).State, bench.State.Runs.Values.Single().Data.Reason));
        bench.Step(new Observation.TaskHeld(first.TaskId, false));
        Assert.Equal(RunState.Waking, Assert.Single(bench.State.Runs.Values).State);
    }

    [Fact]
    public void A_run_that_is_called_off_ends_when_the_guest_gave_it_up()
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1));
        bench.BringToGuest(run);
        bench.Step(new Observation.CancelAsked(run.Id));
        bench.Ordered<BrokerAction.CancelInGuest>();
        bench.Report(run, GuestStatus.Failed);
        Assert.Equal(RunState.Canceled, bench.Get(run).State);
        bench.Ordered<BrokerAction.ReadSessions>();
    }

    [Fact]
    public void A_guest_that_was_restarting_when_its_run_was_called_off_is_told_again_when_it_is_back()
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1));
        bench.BringToGuest(run);
        bench.Report(run, GuestStatus.Rebooting);
        bench.Step(new Observation.GuestSilent(run.Vm));
        BrokerAction.AwaitGuest wait = bench.Ordered<BrokerAction.AwaitGuest>();
        bench.Step(new Observation.CancelAsked(run.Id));
        bench.Ended(bench.Ordered<BrokerAction.CancelInGuest>(), new ActionFailure("GuestNotReached", "it restarts", true));
        Assert.Equal(RunState.Rebooting, bench.Get(run).State);
        bench.Step(new Observation.GuestAnswered(run.Vm, []), new Observation.ActionEnded(wait.Id, null));
        bench.Ordered<BrokerAction.CancelInGuest>();
        bench.Ordered<BrokerAction.AskProgress>();
        bench.Report(run, GuestStatus.Failed);
        Assert.Equal(RunState.Canceled, bench.Get(run).State);
    }

    [Fact]
    public void Stopping_the_broker_puts_back_what_was_woken_and_keeps_the_run_for_the_next_start()
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1));
        BrokerAction.Wake wake = bench.Ordered<BrokerAction.Wake>();
        bench.Step(new Observation.StopAsked());
        Assert.Equal(RunState.Pending, bench.Get(run).State);
        bench.Ended(wake);
        bench.AnswerSessions();
        bench.Ended(bench.Ordered<BrokerAction.PutBack>());
        Assert.True(bench.State.IsQuiet);
        Assert.Equal(RunReason.BrokerStopping, bench.Why(run).Reason);
    }

    [Fact]
    public void A_machine_that_left_the_host_takes_its_runs_with_it()
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1));
        bench.BringToGuest(run);
        bench.Step(new Observation.VmGone(run.Vm));
        Assert.Equal(RunState.Moved, bench.Get(run).State);
        Assert.Equal((0, 0), (bench.State.Gate.Awake, bench.State.Gate.Runs));
    }

    [Fact]
    public void A_sleep_of_the_host_begins_the_time_outs_anew()
    {
        var bench = new BrokerBench();
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1));
        bench.BringToGuest(run);
        bench.After(TimeSpan.FromHours(10), new Observation.HostSlept());
        Assert.Equal(RunState.Searching, bench.Get(run).State);
        bench.After(TimeSpan.FromHours(1));
        Assert.Equal(RunState.TimedOut, bench.Get(run).State);
    }
}
