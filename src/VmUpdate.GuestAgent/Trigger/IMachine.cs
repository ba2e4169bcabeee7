using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Trigger;

/// <summary>The machine that the agent runs in. Every call may fail with <see cref="VerbException"/>.</summary>
internal interface IMachine
{
    /// <summary>What the machine calls itself.</summary>
    string Name { get; }

    /// <summary>Names this start of the machine; another one after each restart, the same after it was saved and restored.</summary>
    string Boot { get; }

    /// <summary>Begins a restart.</summary>
    void Restart();

    /// <summary>Begins a clean shutdown.</summary>
    void ShutDown();

    /// <summary>Who is logged on.</summary>
    IReadOnlyList<GuestSession> ListSessions();

    /// <summary>Shows a text to a session.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="text">The text. It may hold anything.</param>
    void ShowMessage(int sessionId, string text);

    /// <summary>Logs a session off.</summary>
    /// <param name="sessionId">The session.</param>
    void LogOff(int sessionId);

    /// <summary>Takes or refuses new logons.</summary>
    /// <param name="isAllowed">Whether users may log on.</param>
    void AllowLogons(bool isAllowed);
}
