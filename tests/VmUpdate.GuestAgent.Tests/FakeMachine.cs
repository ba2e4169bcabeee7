using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Tests;

/// <summary>A machine that notes what is done to it.</summary>
internal sealed class FakeMachine : IMachine
{
    public string Name => "GUEST-1";

    public string Boot { get; set; } = "boot 1";

    public List<string> Done { get; } = [];

    public string WhyNoRestart { get; set; } = string.Empty;

    public void Restart() => Note(WhyNoRestart.Length == 0 ? "restart" : throw new VerbException(ReplyCodes.Failed, WhyNoRestart));

    public void ShutDown() => Note("shut down");

    public IReadOnlyList<GuestSession> Sessions { get; set; } = [new GuestSession(4, "anna", true)];

    public IReadOnlyList<GuestSession> ListSessions() => Sessions;

    public void ShowMessage(int sessionId, string text) => Note($"show {sessionId} {text}");

    public void LogOff(int sessionId) => Note(
        sessionId == 4 ? "log off 4" : throw new VerbException(ReplyCodes.Failed, $"there is no session {sessionId}"));

    public void AllowLogons(bool isAllowed) => Note($"logons {isAllowed}");

    public void WaitFor(string what) => Assert.True(SpinWait.SpinUntil(() => { lock (Done) { return Done.Contains(what); } }, TimeSpan.FromSeconds(20)), what);

    private void Note(string what)
    {
        lock (Done)
        {
            Done.Add(what);
        }
    }
}
