using System.Text;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>Update agents: those of this program, and those that are added by a file.</summary>
public sealed class UpdateAgentTests
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 70_000).Select(i => (byte)(i * 7 & 0xFF))];

    [Fact]
    public void Three_agents_for_three_instructors_get_their_payloads_byte_for_byte()
    {
        using var guest = new Guest();
        string byInput = guest.File("by input");
        string byFile = guest.File("by file");
        string byScript = guest.File("by script");
        string reader = guest.Program("reader", $"#!/bin/sh\ncat > '{byInput}'\n");
        string copier = guest.Program("copier", $"#!/bin/sh\ncp \"$1\" '{byFile}'\n");
        guest.Register("Contoso.Input", $$"""{ "name": "Contoso", "executable": "{{reader}}", "payload": "stdin" }""");
        Hello hello = guest.Start()!;
        Assert.Contains("Contoso.Input", hello.Instructors);

        // Added while the agent runs: it is there at once.
        guest.Register("Contoso.File", $$"""{ "name": "Contoso", "executable": "{{copier}}", "arguments": ["{payload}"] }""");
        byte[] script = [.. Encoding.UTF8.GetBytes($"cp \"$VMUPDATE_PAYLOAD\" '{byScript}'; exit 0\n"), .. Bytes.Where(b => b != 0)];
        (StartTask Task, byte[] Payload)[] tasks =
        [
            Guest.Of("Contoso.Input", "Context", Bytes), Guest.Of("Contoso.File", "Context", Bytes.Reverse().ToArray()), Guest.Of("Script", "Script", script, "a.sh"),
        ];
        foreach ((StartTask task, byte[] payload) in tasks)
        {
            Reply reply = guest.Host.HandOver(task, payload);
            Assert.True(reply.IsDone, reply.Message);
        }

        Assert.All(guest.Host.AwaitEnds([.. tasks.Select(task => task.Task)]), end => Assert.True(end.Status == 6, end.Message));
        Assert.Equal(tasks[0].Payload, File.ReadAllBytes(byInput));
        Assert.Equal(tasks[1].Payload, File.ReadAllBytes(byFile));
        Assert.Equal(tasks[2].Payload, File.ReadAllBytes(byScript));
    }

    [Fact]
    public void An_agent_with_an_account_runs_as_that_user()
    {
        using var guest = new Guest();
        Assert.SkipUnless(Environment.UserName == "root", "Only root may run programs as another user.");
        string who = guest.Program("who", "#!/bin/sh\ncat >/dev/null; id -un; cat /etc/shadow 2>&1 | head -1\n");
        OpenTheWay(who);
        guest.Register("AsNobody", $$"""{ "name": "who", "executable": "{{who}}", "account": "nobody", "payload": "stdin" }""");
        guest.Start();
        (StartTask task, byte[] payload) = Guest.Of("AsNobody", "Context", [1]);
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        TaskReport end = guest.Host.AwaitEnd(task);
        Assert.True(end.Status == 6, end.Message);
        Assert.StartsWith("nobody", end.Message, StringComparison.Ordinal);
        Assert.Contains("denied", end.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ \"name\": \"x\" }", "'executable' must be there")]
    [InlineData("{ \"name\": \"x\", \"executable\": \"sh\" }", "full path")]
    [InlineData("{ \"name\": \"x\", \"executable\": \"/no/such\" }", "no program")]
    [InlineData("{ \"name\": \"x\", \"executable\": \"PROGRAM\", \"shell\": true }", "no field 'shell'")]
    [InlineData("{ \"name\": \"x\", \"name\": \"y\", \"executable\": \"PROGRAM\" }", "twice")]
    [InlineData("{ \"name\": \"x\", \"executable\": \"PROGRAM\", \"arguments\": \"-x\" }", "must be a list")]
    [InlineData("{ \"name\": \"x\", \"executable\": \"PROGRAM\", \"payload\": \"mail\" }", "'stdin' or 'file'")]
    [InlineData("{ \"name\": \"x\", \"executable\": \"PROGRAM\", \"account\": \"a b\" }", "user's name")]
    [InlineData("{ \"name\": \"x\", \"executable\": \"PROGRAM\", \"account\": \"nobody\" }", "standard input")]
    [InlineData("{ \"name\": \"x\", \"executable\": \"PROGRAM\", \"payload\": \"stdin\", \"arguments\": [\"{payload}\"] }", "'payload' is 'stdin'")]
    [InlineData("[]", "expected an object")]
    [InlineData("{ \"name\": \"\\ud800\", \"executable\": \"PROGRAM\" }", "surrogate")]
    [InlineData("{", "no JSON")]
    public void A_registration_that_is_wrong_is_left_out_and_its_task_says_why(string json, string expected)
    {
        using var guest = new Guest();
        string program = guest.Program("program", "#!/bin/sh\n");
        guest.Register("Bad", json.Replace("PROGRAM", program, StringComparison.Ordinal));
        Assert.DoesNotContain("Bad", guest.Start()!.Instructors);
        (StartTask task, byte[] payload) = Guest.Of("Bad", "Context", []);
        Reply reply = guest.Host.HandOver(task, payload);
        Assert.Equal(ReplyCodes.NoUpdateAgent, reply.Code);
        Assert.Contains(expected, reply.Message, StringComparison.Ordinal);
        Assert.Contains(expected, guest.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_registration_or_a_program_that_others_may_write_is_not_believed()
    {
        using var guest = new Guest();
        string program = guest.Program("program", "#!/bin/sh\n");
        string json = $$"""{ "name": "x", "executable": "{{program}}" }""";
        guest.Register("Open", json);
        guest.Register("Link.target", json);
        guest.Register("Fine", json);
        File.SetUnixFileMode(Path.Combine(guest.Registrations, "Open.json"), (UnixFileMode)0b110_110_110);
        File.CreateSymbolicLink(Path.Combine(guest.Registrations, "Link.json"), Path.Combine(guest.Registrations, "Link.target.json"));
        Hello hello = guest.Start()!;
        Assert.DoesNotContain("Open", hello.Instructors);
        Assert.DoesNotContain("Link", hello.Instructors);
        Assert.Contains("Fine", hello.Instructors);

        File.SetUnixFileMode(program, (UnixFileMode)0b111_111_111);
        (StartTask task, byte[] payload) = Guest.Of("Fine", "Context", []);
        Reply reply = guest.Host.HandOver(task, payload);
        Assert.Equal(ReplyCodes.NoUpdateAgent, reply.Code);
        Assert.Contains("can be written by others", reply.Message, StringComparison.Ordinal);

        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(guest.Registrations, (UnixFileMode)0b111_111_111);
        Assert.Equal(ReplyCodes.NoUpdateAgent, guest.Host.HandOver(task with { RequestId = "again" }, payload).Code);
    }

    [Fact]
    public void A_failure_tells_the_exit_code_and_the_end_of_the_output()
    {
        using var guest = new Guest();
        guest.Start();
        (StartTask task, byte[] payload) = Guest.Script("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; echo 'no room' >&2; exit 7");
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        TaskReport end = guest.Host.AwaitEnd(task);
        Assert.Equal(7, end.Status);
        Assert.Contains("exit code 7", end.Message, StringComparison.Ordinal);
        Assert.Contains("no room", end.Message, StringComparison.Ordinal);
        Assert.Contains("line 4999", end.Message, StringComparison.Ordinal);
        Assert.InRange(end.Message.Length, 10, 2000);
    }

    [Fact]
    public void A_command_runs_without_a_shell()
    {
        using var guest = new Guest();
        guest.Start();
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Of("Script", "Command", Encoding.UTF8.GetBytes($"echo 'one word' $HOME; touch {mark} && `touch {mark}` > {mark}"));
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        Assert.Equal($"one word $HOME; touch {mark} && `touch {mark}` > {mark}", guest.Host.AwaitEnd(task).Message);
        Assert.False(File.Exists(mark));
    }

    [Fact]
    public void A_script_s_name_and_a_task_s_texts_reach_no_path_and_no_shell()
    {
        using var guest = new Guest();
        guest.Start();
        string mark = guest.File("mark");
        (StartTask task, byte[] payload) = Guest.Script("echo \"$VMUPDATE_NAME|$VMUPDATE_FILE_NAME|$0\"", $"../../../{mark}; touch x.sh");
        Assert.True(guest.Host.HandOver(task with { Name = $"$(touch {mark})\n'\"`\0" }, payload).IsDone);
        TaskReport end = guest.Host.AwaitEnd(task);
        Assert.Equal(6, end.Status);
        Assert.EndsWith(Path.Combine(guest.State, "runs", $"{task.RunId:N}.1", "payload"), end.Message, StringComparison.Ordinal);
        Assert.Contains($"$(touch {mark}) '\"`", end.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(mark));
        Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(Path.Combine(guest.State, "runs", $"{task.RunId:N}.1", "payload")));
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(guest.State));
    }

    [Theory]
    [InlineData("#!/bin/sh -e\necho by its line", "x", "by its line")]
    [InlineData("echo by its ending", "x.SH", "by its ending")]
    [InlineData("echo x", "x.exe", "nothing on this system runs a script")]
    [InlineData("#!/no/such/interpreter\n", "x.sh", "is not on this machine")]
    public void A_script_is_run_by_what_its_first_line_or_its_ending_names(string script, string name, string expected)
    {
        using var guest = new Guest();
        guest.Start();
        (StartTask task, byte[] payload) = Guest.Script(script, name);
        Assert.True(guest.Host.HandOver(task, payload).IsDone);
        Assert.Contains(expected, guest.Host.AwaitEnd(task).Message, StringComparison.Ordinal);
    }

    /// <summary>A test's folder lies below one that others may not enter.</summary>
    private static void OpenTheWay(string path)
    {
        for (string? folder = Path.GetDirectoryName(path); folder is not null && folder != Path.GetTempPath().TrimEnd('/'); folder = Path.GetDirectoryName(folder))
        {
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        }
    }
}
