using VmUpdate.Core.Tasks;
using Xunit;

namespace VmUpdate.Core.Tests.Tasks;

public sealed class CalendarTests
{
    private static DateTime Utc(int month, int day, int hour, int minute = 0) => new(2026, month, day, hour, minute, 0, DateTimeKind.Utc);

    private static TaskCalendar Cron(string expression, string zone) => new(new TaskSchedule { Recurrence = expression, TimeZoneId = zone });

    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("W. Europe Standard Time")]
    public void A_skipped_local_time_runs_at_the_next_valid_minute(string zone) =>
        Assert.Equal(Utc(3, 29, 1), Cron("30 2 * * *", zone).NextStart(Utc(3, 28, 20))); // 02:30 is skipped: 03:00 in summer time

    [Theory]
    [InlineData("30 2 * * *")]
    [InlineData("*/30 2 * * *")]
    public void A_doubled_local_time_runs_once(string expression)
    {
        TaskCalendar calendar = Cron(expression, "Europe/Berlin");
        var times = new List<DateTime>();
        for (DateTime? next = calendar.NextStart(Utc(10, 24, 20)); next < Utc(10, 25, 12); next = calendar.NextStart(next.Value))
        {
            times.Add(next.Value);
        }

        Assert.All(times, t => Assert.Equal(0, t.Hour)); // 02:xx of the first pass is 00:xx in UTC
        Assert.Equal(times.Count, times.Distinct().Count());
    }

    [Fact]
    public void A_window_over_midnight_is_open_on_both_sides_and_says_when_to_ask_again()
    {
        var calendar = new TaskCalendar(new TaskSchedule { Windows = [MaintenanceWindow.Parse("22:00-04:00")], TimeZoneId = "UTC" });
        Assert.Equal(new StartVerdict(StartReason.OutsideWindow, Utc(6, 1, 22)), calendar.Ask(Utc(6, 1, 12), Utc(6, 1, 0)));
        Assert.Equal(new StartVerdict(StartReason.Open, Utc(6, 2, 4)), calendar.Ask(Utc(6, 1, 22), Utc(6, 1, 0)));
        Assert.Equal(new StartVerdict(StartReason.Open, Utc(6, 2, 4)), calendar.Ask(Utc(6, 2, 3, 59), Utc(6, 1, 0)));
        Assert.Equal(new StartVerdict(StartReason.OutsideWindow, Utc(6, 2, 22)), calendar.Ask(Utc(6, 2, 4), Utc(6, 1, 0)));
    }

    [Fact]
    public void A_window_in_the_skipped_hour_opens_late_and_one_in_the_doubled_hour_opens_once()
    {
        var calendar = new TaskCalendar(new TaskSchedule { Windows = [MaintenanceWindow.Parse("02:15-05:00")], TimeZoneId = "Europe/Berlin" });
        Assert.Equal(Utc(3, 29, 1), calendar.Ask(Utc(3, 29, 0), Utc(3, 1, 0)).Until);
        Assert.Equal(Utc(10, 25, 0, 15), calendar.Ask(Utc(10, 24, 22), Utc(3, 1, 0)).Until);
        Assert.True(calendar.Ask(Utc(10, 25, 1, 5), Utc(3, 1, 0)).MayStart);
    }

    [Theory]
    [InlineData("22:00-04:00", "22:00-04:00")]
    [InlineData("Sat,Sun 20:00-06:00", "Sat,Sun 20:00-06:00")]
    [InlineData("Fri-Mon 1:30-05:00", "Fri,Sat,Sun,Mon 01:30-05:00")]
    public void A_window_is_read_and_written(string text, string written)
    {
        Assert.Equal(written, MaintenanceWindow.Parse(text).ToString());
        Assert.Equal(MaintenanceWindow.Parse(text), MaintenanceWindow.Parse(written));
    }

    [Theory]
    [InlineData("")]
    [InlineData("22:00")]
    [InlineData("25:00-26:00")]
    [InlineData("Someday 22:00-23:00")]
    [InlineData("a b c")]
    public void What_is_no_window_is_refused(string text) =>
        Assert.Equal(TaskDefect.BadWindow, Assert.Throws<TaskException>(() => MaintenanceWindow.Parse(text)).Defect);

    [Fact]
    public void The_end_time_is_the_latest_start_itself_included()
    {
        var calendar = new TaskCalendar(new TaskSchedule { EndTime = Utc(6, 1, 5) });
        Assert.True(calendar.Ask(Utc(6, 1, 5), Utc(6, 1, 0)).MayStart);
        Assert.Equal(StartReason.EndTimePassed, calendar.Ask(Utc(6, 1, 5).AddTicks(1), Utc(6, 1, 0)).Reason);
    }

    [Fact]
    public void Waits_before_retries_double_up_to_the_longest()
    {
        var rule = new RetryRule(4, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15));
        Assert.Equal([5d, 10, 15, 15], Enumerable.Range(1, 4).Select(n => rule.DelayAfter(n)!.Value.TotalMinutes));
        Assert.Null(rule.DelayAfter(5));
    }

    [Theory]
    [InlineData("*", "anything", true)]
    [InlineData("PC?", "pc7", true)]
    [InlineData("PC?", "pc77", false)]
    [InlineData("*a*b*", "xxaxxbxx", true)]
    [InlineData("*ab", "aab", true)]
    [InlineData("", "x", false)]
    [InlineData("a**", "a", true)]
    public void Patterns_fit_names(string pattern, string name, bool fits) => Assert.Equal(fits, NamePattern.Fits(pattern, name));
}
