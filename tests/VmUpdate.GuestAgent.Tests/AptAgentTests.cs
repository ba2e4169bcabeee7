using System.Text;
using VmUpdate.GuestAgent.Linux;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>The package manager's update agent, with a package manager that notes what it is called with.</summary>
public sealed class AptAgentTests
{
    private const string Noting = """
        #!/bin/sh
        echo "$DEBIAN_FRONTEND $*" >> CALLS
        case "$1$2" in
            update*) exit UPDATE ;;
            *--download-only) echo 'dlstatus:1:50.5:Retrieving file 1 of 2'; sleep 0.3 ;;
            *) echo 'pmstatus:htop:25.0:Unpacking htop'; sleep 0.5; touch MARK; echo 'pmstatus:htop:75.0:Setting up htop'; sleep 0.3 ;;
        esac

        """;

    [Fact]
    public void Lists_are_refreshed_packages_fetched_and_changed_and_a_needed_restart_told()
    {
        using var guest = new Guest();
        Start(guest);
        (StartTask task, byte[] payload) = Guest.Of("Apt", "Context", []);
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        TaskReport end = guest.Host.AwaitEnd(task);
        Assert.Equal((6, true), (end.Status, end.NeedsRestart));
        string[] calls = File.ReadAllLines(guest.File("calls"));
        Assert.Equal(3, calls.Length);
        Assert.StartsWith("noninteractive update ", calls[0], StringComparison.Ordinal);
        Assert.StartsWith("noninteractive upgrade --download-only --with-new-pkgs ", calls[1], StringComparison.Ordinal);
        Assert.Contains("--force-confold", calls[2], StringComparison.Ordinal);
        List<TaskReport> reports = [.. guest.Host.Heard.OfType<TaskReport>()];
        Assert.Contains(reports, report => report is { Status: 1 });
        Assert.Contains(reports, report => report is { Status: 2, Percent: 50 });
        Assert.Contains(reports, report => report is { Status: 3, Percent: 75, Message: "Setting up htop" });
    }

    [Fact]
    public void Named_packages_are_installed_and_none_of_them_is_an_option()
    {
        using var guest = new Guest();
        Start(guest);
        (StartTask task, byte[] payload) = Guest.Of("Apt", "Context", Encoding.UTF8.GetBytes("htop\nlibc6:amd64=2.36-9"));
        Assert.True(guest.Host.HandOver(task with { Kind = "ApplicationUpgrade" }, payload).IsDone);
        guest.Host.AwaitEnd(task);
        string last = File.ReadAllLines(guest.File("calls"))[^1];
        Assert.StartsWith("noninteractive install --only-upgrade ", last, StringComparison.Ordinal);
        Assert.EndsWith(" -- htop libc6:amd64=2.36-9", last, StringComparison.Ordinal);

        foreach (string context in new[] { "-oDPkg::Pre-Invoke=sh", "a;b", "./x.deb", "h$(id)" })
        {
            (StartTask bad, payload) = Guest.Of("Apt", "Context", Encoding.UTF8.GetBytes(context));
            Assert.True(guest.Host.HandOver(bad, payload).IsDone);
            Assert.Equal(7, guest.Host.AwaitEnd(bad).Status);
        }

        Assert.Equal(3, File.ReadAllLines(guest.File("calls")).Length);
        (StartTask script, payload) = Guest.Of("Apt", "Script", []);
        Assert.Equal(ReplyCodes.NotSupported, guest.Host.HandOver(script, payload).Code);
    }

    [Fact]
    public void Packages_that_are_being_changed_are_not_broken_off()
    {
        using var guest = new Guest();
        Start(guest);
        (StartTask task, byte[] payload) = Guest.Of("Apt", "Context", []);
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        guest.Host.Await<TaskReport>(report => report is { Status: 3, Percent: 25 });
        Assert.True(guest.Host.Ask(new CancelTask(task.RunId, 1)).IsDone);
        Assert.Equal(6, guest.Host.AwaitEnd(task).Status);
        Assert.True(File.Exists(guest.File("mark")));
    }

    [Fact]
    public void Lists_that_cannot_be_refreshed_end_the_run_before_anything_is_changed()
    {
        using var guest = new Guest();
        Start(guest, updateExitCode: 100);
        (StartTask task, byte[] payload) = Guest.Of("Apt", "Context", []);
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        Assert.Contains("exit code 100", guest.Host.AwaitEnd(task).Message, StringComparison.Ordinal);
        Assert.Single(File.ReadAllLines(guest.File("calls")));
    }

    private static void Start(Guest guest, int updateExitCode = 0)
    {
        string script = Noting.Replace("CALLS", guest.File("calls"), StringComparison.Ordinal)
            .Replace("MARK", guest.File("mark"), StringComparison.Ordinal)
            .Replace("UPDATE", $"{updateExitCode}", StringComparison.Ordinal);
        guest.Start(own: new Dictionary<string, IUpdateAgent> { ["Apt"] = new AptAgent(guest.Program("apt-get", script), guest.File("mark")) });
    }
}
