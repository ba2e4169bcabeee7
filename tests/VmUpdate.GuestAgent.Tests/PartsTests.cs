using VmUpdate.GuestAgent.Channels;
using VmUpdate.GuestAgent.Runs;
using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestAgent.Windows;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>Small parts by themselves.</summary>
public sealed class PartsTests
{
    [Theory]
    [InlineData("a b  c", "a|b|c")]
    [InlineData("\"C:\\Program Files\\x.exe\" --name='a \"b\"' \"\"", "C:\\Program Files\\x.exe|--name=a \"b\"|")]
    [InlineData("a\n\tb", "a|b")]
    public void A_command_line_is_parted_by_white_space_and_quotes(string line, string words) =>
        Assert.Equal(words.Split('|'), CommandWords.Split(line));

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("\"\" x")]
    [InlineData("a 'b")]
    public void A_command_line_without_a_program_or_with_an_open_quote_is_refused(string line) =>
        Assert.Throws<FormatException>(() => CommandWords.Split(line));

    [Theory]
    [InlineData("a", "\"a\"")]
    [InlineData("", "\"\"")]
    [InlineData("C:\\my folder\\", "\"C:\\my folder\\\\\"")]
    [InlineData("say \"hi\"", "\"say \\\"hi\\\"\"")]
    [InlineData("a\\\"b", "\"a\\\\\\\"b\"")]
    public void An_argument_arrives_on_Windows_as_it_is(string argument, string line) => Assert.Equal(line, WindowsArgument.Join([argument]));

    [Theory]
    [InlineData("progress 40 half of it", null, 40, "half of it")]
    [InlineData("progress 7", null, 7, "")]
    [InlineData("{\"percent\":99.9}", null, 99, "")]
    [InlineData("{\"status\":\"Searching\",\"text\":\"x\"}", RunStatus.Searching, null, "x")]
    [InlineData("{\"status\":\"Success\",\"percent\":50}", null, 50, "")]
    public void A_line_of_progress_is_understood(string line, object? status, int? percent, string text)
    {
        ProgressLine progress = ProgressLine.Parse(line)!;
        Assert.Equal(((RunStatus?)status, percent, text), (progress.Status, progress.Percent, progress.Text));
    }

    [Theory]
    [InlineData("progress")]
    [InlineData("progress much")]
    [InlineData("progress 101")]
    [InlineData("progress -1")]
    [InlineData("{\"percent\":\"40\"}")]
    [InlineData("{\"percent\":1e400}")]
    [InlineData("{\"status\":\"Success\"}")]
    [InlineData("{\"percent\"")]
    [InlineData("[1]")]
    public void Any_other_line_is_output(string line) => Assert.Null(ProgressLine.Parse(line));

    [Fact]
    public void A_rate_lets_so_many_through_at_once_and_then_waits()
    {
        var limit = new RateLimit(3, TimeSpan.FromHours(1));
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => limit.TryTake()));
    }

    [Fact]
    public void What_was_not_sent_is_bounded_and_a_run_s_newest_word_stands_for_the_older()
    {
        var outbox = new Outbox();
        Guid run = Guid.NewGuid();
        outbox.Add(new TaskReport(run, 1, 2, 10, false, ""));
        outbox.Add(new TaskReport(run, 1, 3, 10, false, ""));
        outbox.Add(new TaskReport(run, 1, 3, 20, false, ""));
        Assert.Equal((2, 10), outbox.Take(() => false) is TaskReport first ? (first.Status, first.Percent) : default);
        Assert.Equal((3, 20), outbox.Take(() => false) is TaskReport second ? (second.Status, second.Percent) : default);
        for (int i = 0; i < 10 * Outbox.MaxMessages; i++)
        {
            outbox.Add(new Ping { RequestId = $"{i}" });
        }

        int count = 0;
        while (outbox.Take(() => count > Outbox.MaxMessages) is Ping ping)
        {
            count++;
            if (ping.RequestId == $"{(10 * Outbox.MaxMessages) - 1}")
            {
                break;
            }
        }

        Assert.Equal(Outbox.MaxMessages, count);
    }

    [Fact]
    public void The_host_s_clock_is_the_newest_it_told_and_begins_anew_with_it()
    {
        var clock = new HostClock();
        var now = new DateTime(2040, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Assert.False(clock.IsTooLate(new Ping { Sent = now, Deadline = now.AddSeconds(1) }));
        Assert.True(clock.IsTooLate(new Ping { Sent = now.AddHours(-1), Deadline = now.AddMinutes(-30) }));
        Assert.False(clock.IsTooLate(new Ping()));
        clock.Reset();
        Assert.False(clock.IsTooLate(new Ping { Sent = now.AddHours(-1), Deadline = now.AddMinutes(-30) }));
    }
}
