using System.Diagnostics;
using VmUpdate.GuestProtocol.Messages;
using VmUpdate.Simulation.Support;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>The program itself, started as a service starts it.</summary>
public sealed class ProcessTests
{
    [Fact]
    public void The_program_performs_a_task_survives_a_kill_and_hands_requests_over()
    {
        using var folder = new TempFolder();
        using var host = new ScriptedHost(folder.File("channel"));
        string api = Path.Combine(folder.File("api"), "trigger.sock");
        Process agent = Start(folder, api);
        try
        {
            host.Meet();
            (StartTask done, byte[] payload) = Guest.Script("echo from a process");
            Assert.True(host.HandOver(done, payload).IsDone);
            Assert.Equal("from a process", host.AwaitEnd(done).Message);
            (StartTask cut, payload) = Guest.Script("sleep 30");
            Assert.True(host.HandOver(cut, payload).IsDone);
            host.Await<TaskReport>(report => report.RunId == cut.RunId && report.Status == 3);
            Assert.Equal(4, Run("run", "--channel", "/dev/null", "--state", folder.File("state"), "--api", api).ExitCode);

            agent.Kill(entireProcessTree: true);
            agent.WaitForExit();
            host.Go();
            host.Come();
            agent = Start(folder, api);
            Assert.Contains(new RunOnGuest(done.RunId, 1), host.Meet().Runs);
            Assert.StartsWith("the agent was ended", host.AwaitEnds(done, cut)[1].Message, StringComparison.Ordinal);

            (int exitCode, string status) = Run("status", "--api", api);
            Assert.Equal(0, exitCode);
            Assert.Contains("the host is there", status, StringComparison.Ordinal);
            Assert.Contains($"{done.RunId} attempt 1: Success 100 %. from a process", status, StringComparison.Ordinal);

            Assert.Equal((0, "Taken: within the hour\n"), Ask(host, api, new Reply(string.Empty, true, string.Empty, "within the hour")));
            Assert.Equal((1, "Refused (NotAllowed): not here\n"), Ask(host, api, new Reply(string.Empty, false, ReplyCodes.NotAllowed, "not here")));
            Assert.Equal(2, Run("request", "--kind", "Configuration", "--instructor", "Script", "--api", api, "--wait", "1").ExitCode);

            // Guests without OpenSSL are served, so after all this the agent has not loaded it.
            Assert.DoesNotContain("openssl", File.ReadAllText($"/proc/{agent.Id}/maps"), StringComparison.OrdinalIgnoreCase);
            Process.Start("sh", ["-c", $"kill -TERM {agent.Id}"]).WaitForExit();
            Assert.True(agent.WaitForExit(TimeSpan.FromSeconds(10)));
            Assert.Equal(0, agent.ExitCode);
            Assert.Equal(3, Run("status", "--api", api).ExitCode);
        }
        finally
        {
            agent.Kill(entireProcessTree: true);
            agent.Dispose();
        }
    }

    [Theory]
    [InlineData("a command is needed")]
    [InlineData("no command 'dance'", "dance")]
    [InlineData("no option '--loud'", "status", "--loud")]
    [InlineData("needs a value", "status", "--api")]
    [InlineData("there twice", "request", "--kind", "a", "--kind", "b")]
    [InlineData("--kind and --instructor are needed", "request", "--kind", "Configuration", "--instructor", "a b")]
    [InlineData("cannot go together", "request", "--kind", "a", "--instructor", "b", "--command", "x", "--context", "y")]
    [InlineData("must be a time", "request", "--kind", "a", "--instructor", "b", "--due", "soon")]
    [InlineData("there is no /no/such", "status", "--api", "/no/such")]
    public void A_command_line_that_is_wrong_is_refused_with_its_reason(string expected, params string[] words)
    {
        Judges.Require(OperatingSystem.IsLinux(), "The agent for Windows is another build, which these tests do not run.");
        (int exitCode, string output) = Run(words);
        Assert.Equal(words.Contains("/no/such") ? 3 : 64, exitCode);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    private static (int ExitCode, string Output) Ask(ScriptedHost host, string api, Reply answer)
    {
        var asking = Task.Run(() => Run("request", "--kind", "Configuration", "--instructor", "Script", "--command", "true", "--urgent", "--api", api));
        UpdateRequest request = host.Await<UpdateRequest>(request => request.PayloadKind == "Command");
        Assert.True(request.IsUrgent);
        host.Send(answer with { To = request.RequestId });
        return asking.GetAwaiter().GetResult();
    }

    private static Process Start(TempFolder folder, string api) => Process.Start(
        Program(), ["run", "--channel", folder.File("channel"), "--state", folder.File("state"), "--api", api, "--agents", folder.File("none")]);

    private static (int ExitCode, string Output) Run(params string[] arguments) => Judges.Run(Program(), arguments);

    /// <summary>Lies beside the tests, which are built with it.</summary>
    private static string Program() => Path.Combine(AppContext.BaseDirectory, "vmupdate-agent");
}
