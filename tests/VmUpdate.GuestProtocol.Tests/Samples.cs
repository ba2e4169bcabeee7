using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestProtocol.Tests;

/// <summary>One message of each type, every field of it set.</summary>
internal static class Samples
{
    private static readonly Guid Id = new("0f8fad5b-d9cb-469f-a165-70867728950e");
    private static readonly DateTime Time = new(2026, 2, 3, 4, 5, 6, 789, DateTimeKind.Utc);

    public static IReadOnlyList<GuestMessage> All { get; } =
    [
        new Hello(1, 1, "vmupdate-agent 0.1", "PC-01", ["Script", "WindowsUpdate"], [new RunOnGuest(Id, 2)]) { Sent = Time, Notice = "no room" },
        new StartTask(Id, 3, "Nightly", "ApplicationInstall", "Script", "Script", "a b.ps1", 4, new string('A', 64), true, 60) { RequestId = "7", Deadline = Time },
        new PayloadPart(Id, 0, [0, 255, 10, 13]),
        new QueryTask(Id, 1) { RequestId = "q" },
        new CancelTask(Id, 1) { RequestId = "c" },
        new TaskReport(Id, 1, 3, 50, true, "a line\nand another \"one\""),
        new Reply("7", false, ReplyCodes.NoUpdateAgent, "no agent for X"),
        new UpdateRequest(Id, "Patch", "OperatingSystemUpgrade", "WindowsUpdate", true, Time, Time, Time, "Context", "f", 0, new string('0', 64)) { RequestId = "r" },
        new RestartGuest { RequestId = "1" },
        new ShutDownGuest { RequestId = "2" },
        new ListSessions { RequestId = "3" },
        new SessionList("3", [new GuestSession(-1, "LAB\\anna", true), new GuestSession(2, "bob", false)]),
        new ShowMessage(1, "Bitte speichern Sie. \u00e4\u20ac\ud83d\ude00"),
        new LogOffSession(1),
        new AllowLogons(true),
        new Ping { RequestId = "4" },
    ];
}
