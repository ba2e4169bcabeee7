using VmUpdate.Core.Tasks;
using Xunit;

namespace VmUpdate.Core.Tests.Tasks;

public sealed class TaskValidatorTests
{
    private static readonly DateTime Now = SampleTask.Now;
    private static readonly TargetMachine[] Host =
    [
        SampleTask.Machine(1), SampleTask.Machine(2), SampleTask.Machine(3, TargetKinds.None), SampleTask.Machine(4, TargetKinds.Pooled, "P"),
        SampleTask.Machine(5) with { Name = "TWIN" }, SampleTask.Machine(6) with { Name = "twin" },
    ];

    private static IReadOnlyList<TaskFinding> Check(Func<UpdateTask, UpdateTask> change, long memory = 0) =>
        TaskValidator.Check(change(SampleTask.Make()), Host, memory, Now).Findings;

    private static void IsRefused(TaskDefect defect, Func<UpdateTask, UpdateTask> change)
    {
        TaskFinding error = Assert.Single(Check(change), f => f.IsError);
        Assert.Equal(defect, error.Defect);
        Assert.Equal($"Task{defect}", Assert.Throws<TaskException>(() => TaskValidator.Require(change(SampleTask.Make()), Host, 0, Now)).Code);
    }

    private static Func<UpdateTask, UpdateTask> At(TaskSchedule schedule) => t => t with { Schedule = schedule };

    [Fact]
    public void A_plain_task_has_no_finding_but_that_a_pooled_machine_is_among_its_targets() =>
        Assert.Equal(TaskDefect.PooledVm, Assert.Single(Check(t => t)).Defect);

    [Fact]
    public void An_end_before_the_start_is_refused() =>
        IsRefused(TaskDefect.EndBeforeStart, At(new() { StartTime = Now.AddHours(2), EndTime = Now.AddHours(1) }));

    [Fact]
    public void An_end_in_the_past_is_refused() => IsRefused(TaskDefect.EndInPast, At(new() { EndTime = Now.AddHours(-1) }));

    [Fact]
    public void A_stop_before_the_start_is_refused() =>
        IsRefused(TaskDefect.StopTooEarly, At(new() { StartTime = Now.AddHours(2), StopTime = Now.AddHours(1) }));

    [Fact]
    public void A_deadline_in_the_past_is_a_warning() =>
        Assert.Contains(Check(At(new() { Deadline = Now.AddHours(-1) })), f => f is { IsError: false, Defect: TaskDefect.DeadlineTooEarly });

    [Fact]
    public void A_local_time_is_refused() =>
        IsRefused(TaskDefect.TimeNotUtc, At(new() { StartTime = new DateTime(2026, 7, 1, 0, 0, 0, DateTimeKind.Local) }));

    [Fact]
    public void An_unknown_zone_is_refused() =>
        IsRefused(TaskDefect.UnknownTimeZone, At(new() { Recurrence = "0 3 * * *", TimeZoneId = "Mars/Olympus" }));

    [Theory]
    [InlineData("not cron", TaskDefect.BadSchedule)]
    [InlineData("0 0 31 2 *", TaskDefect.NeverFires)]
    public void A_schedule_that_is_none_or_never_fires_is_refused(string cron, TaskDefect defect) =>
        IsRefused(defect, At(new() { Recurrence = cron, TimeZoneId = "UTC" }));

    [Fact]
    public void A_schedule_that_does_not_fire_before_the_end_is_refused() =>
        IsRefused(TaskDefect.NeverFires, At(new() { Recurrence = "0 3 * * *", TimeZoneId = "UTC", EndTime = Now.AddHours(1) }));

    [Fact]
    public void A_window_that_is_too_short_is_refused() =>
        IsRefused(TaskDefect.WindowTooShort, At(new() { Windows = [MaintenanceWindow.Parse("22:00-22:02")] }));

    [Fact]
    public void A_window_that_does_not_open_before_the_end_is_refused() =>
        IsRefused(TaskDefect.WindowNeverOpens, At(new() { Windows = [MaintenanceWindow.Parse("22:00-04:00")], TimeZoneId = "UTC", EndTime = Now.AddHours(1) }));

    [Fact]
    public void A_name_of_no_machine_is_refused() =>
        IsRefused(TaskDefect.UnknownVm, t => t with { Targets = new() { Names = ["NOPE"] } });

    [Fact]
    public void A_name_of_two_machines_is_refused() =>
        IsRefused(TaskDefect.AmbiguousVm, t => t with { Targets = new() { Names = ["Twin"] } });

    [Fact]
    public void An_ignored_machine_is_refused_by_name_and_passed_over_by_pattern()
    {
        IsRefused(TaskDefect.IgnoredVm, t => t with { Targets = new() { Names = ["pc3"] } });
        (IReadOnlyList<TargetMachine> machines, _) = TaskValidator.Check(
            SampleTask.Make() with { Targets = new() { Patterns = ["pc*"] } }, Host, 0, Now);
        Assert.Equal(["PC1", "PC2", "PC4"], machines.Select(m => m.Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("X*")]
    public void A_pattern_that_fits_nothing_is_refused(string pattern) =>
        IsRefused(TaskDefect.NoTarget, t => t with { Targets = new() { Patterns = [pattern] } });

    [Fact]
    public void An_unknown_pool_is_refused() => IsRefused(TaskDefect.NoTarget, t => t with { Targets = new() { Pools = ["Q"] } });

    [Fact]
    public void A_machine_larger_than_the_host_is_refused_alone_and_warned_of_among_others()
    {
        TargetMachine large = SampleTask.Machine(9, memoryGiB: 64);
        UpdateTask task = SampleTask.Make();
        Assert.True(Assert.Single(TaskValidator.Check(task, [large], 60L << 30, Now).Findings).IsError);
        Assert.False(Assert.Single(TaskValidator.Check(task, [large, SampleTask.Machine(1)], 60L << 30, Now).Findings).IsError);
    }

    [Fact]
    public void An_empty_command_is_refused() =>
        IsRefused(TaskDefect.PayloadEmpty, t => t with { Payload = TaskPayload.FromCommand(string.Empty).Info });

    [Fact]
    public void A_time_out_of_nothing_is_refused() =>
        IsRefused(TaskDefect.BadLimit, t => t with { Timeouts = PhaseTimeouts.Of(t.Kind, TimeSpan.Zero) });

    [Fact]
    public void A_payload_over_the_limit_and_one_that_was_changed_are_refused()
    {
        Assert.Equal(TaskDefect.PayloadTooLong, Assert.Throws<TaskException>(() => TaskPayload.FromContext(new byte[TaskPayload.MaxLength + 1])).Defect);
        TaskPayload payload = TaskPayload.FromContext([1, 2, 3]);
        Assert.Equal([1, 2, 3], TaskPayload.FromKept(payload.Info, [1, 2, 3]).Bytes.ToArray());
        Assert.Equal(TaskDefect.PayloadChanged, Assert.Throws<TaskException>(() => TaskPayload.FromKept(payload.Info, [1, 2, 4])).Defect);
    }

    [Fact]
    public void The_kinds_have_the_defaults_that_are_promised()
    {
        Assert.Equal(new KindDefaults(TimeSpan.FromHours(4), 5, TimeSpan.FromMinutes(60)), KindDefaults.Of(UpdateTaskKind.OperatingSystemUpgrade));
        Assert.Equal((TimeSpan.FromHours(1), 1), (KindDefaults.Of(UpdateTaskKind.ApplicationInstall).Total, KindDefaults.Of(UpdateTaskKind.ApplicationUpgrade).MaxRestarts));
        Assert.Equal((TimeSpan.FromMinutes(10), 0), (KindDefaults.Of(UpdateTaskKind.Configuration).Total, KindDefaults.Of(UpdateTaskKind.Configuration).MaxRestarts));
    }
}
