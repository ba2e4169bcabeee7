using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Guests;

/// <summary>Hears what comes over a machine's connection.</summary>
internal interface IGuestListener
{
    /// <summary>The guest said hello, or has to be waited for again.</summary>
    void OnChanged();

    /// <summary>The guest said how a run stands.</summary>
    void OnReport(TaskReport report);
}
