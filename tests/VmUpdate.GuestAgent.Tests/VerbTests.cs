using System.Buffers.Binary;
using System.Text;
using VmUpdate.GuestAgent.Linux;
using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestProtocol.Messages;
using VmUpdate.Simulation.Support;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>What a host may ask of a machine besides tasks.</summary>
public sealed class VerbTests
{
    [Fact]
    public void Sessions_are_listed_shown_texts_and_logged_off()
    {
        using var guest = new Guest();
        guest.Start();
        guest.Host.Send(new ListSessions { RequestId = "s" });
        SessionList list = guest.Host.Await<SessionList>();
        Assert.Equal("s", list.To);
        Assert.Equal(new GuestSession(4, "anna", true), Assert.Single(list.Sessions));
        Assert.True(guest.Host.Ask(new ShowMessage(4, "Bitte speichern\nund abmelden")).IsDone);
        Assert.True(guest.Host.Ask(new LogOffSession(4)).IsDone);
        Reply refused = guest.Host.Ask(new LogOffSession(9));
        Assert.Equal((ReplyCodes.Failed, "there is no session 9"), (refused.Code, refused.Message));
        Assert.True(guest.Host.Ask(new AllowLogons(false)).IsDone);
        Assert.Equal(["show 4 Bitte speichern\nund abmelden", "log off 4", "logons False"], guest.Machine.Done);
    }

    [Fact]
    public void An_answer_that_is_longer_than_a_message_is_not_said_and_ends_nothing()
    {
        using var guest = new Guest();
        guest.Machine.Sessions = [.. Enumerable.Range(0, 1000).Select(id => new GuestSession(id, new string('\u00e4', 256), true))];
        guest.Start();
        guest.Host.Send(new ListSessions { RequestId = "s" });
        Assert.True(guest.Host.Ask(new AllowLogons(true)).IsDone);
        Assert.Empty(guest.Host.Heard.OfType<SessionList>());
        Assert.Contains("'sessionList' is not said", guest.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_answer_goes_out_before_the_machine_goes_down()
    {
        using var guest = new Guest();
        guest.Start();
        Assert.True(guest.Host.Ask(new RestartGuest()).IsDone);
        guest.Machine.WaitFor("restart");
        Assert.True(guest.Host.Ask(new ShutDownGuest()).IsDone);
        guest.Machine.WaitFor("shut down");
    }

    [Fact]
    public void Logons_are_refused_by_a_file_and_somebody_else_s_stays()
    {
        using var folder = new TempFolder();
        string path = folder.File("nologin");
        var machine = new LinuxMachine(path);
        machine.AllowLogons(false);
        Assert.Contains("being updated", File.ReadAllText(path), StringComparison.Ordinal);
        machine.AllowLogons(true);
        Assert.False(File.Exists(path));
        machine.AllowLogons(true);

        File.WriteAllText(path, "Maintenance until Monday.\n");
        machine.AllowLogons(false);
        VerbException refused = Assert.Throws<VerbException>(() => machine.AllowLogons(true));
        Assert.Equal(ReplyCodes.Failed, refused.Code);
        Assert.Equal("Maintenance until Monday.\n", File.ReadAllText(path));
    }

    [Fact]
    public void Login_records_are_read_and_those_of_processes_that_ended_left_out()
    {
        using var folder = new TempFolder();
        string path = folder.File("utmp");
        File.WriteAllBytes(path, [.. Record(7, Environment.ProcessId, "pts/3", "anna"), .. Record(7, int.MaxValue, "pts/4", "gone"), .. Record(6, 1, "tty1", "LOGIN"), 1, 2, 3]);
        LinuxSession session = Assert.Single(LinuxSession.ListOfRecords(path));
        Assert.Equal((Environment.ProcessId, "anna", "pts/3"), (session.Leader, session.UserName, session.Terminal));
        Assert.Empty(LinuxSession.ListOfRecords(folder.File("none")));
    }

    [Fact]
    public void This_machine_names_itself_and_its_boot()
    {
        var machine = new LinuxMachine();
        Assert.Equal(Environment.MachineName, machine.Name);
        Assert.Equal(new LinuxMachine().Boot, machine.Boot);
        Assert.NotEmpty(machine.Boot);
        Assert.Equal(ReplyCodes.Failed, Assert.Throws<VerbException>(() => machine.LogOff(int.MaxValue)).Code);
    }

    private static byte[] Record(short type, int process, string line, string user)
    {
        var record = new byte[384];
        BinaryPrimitives.WriteInt16LittleEndian(record, type);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), process);
        Encoding.UTF8.GetBytes(line, record.AsSpan(8));
        Encoding.UTF8.GetBytes(user, record.AsSpan(44));
        return record;
    }
}
