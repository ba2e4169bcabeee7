using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Trigger;

// What the host says. Called on the thread that reads the channel.
internal sealed partial class TriggerAgent
{
    private void Take(GuestMessage message)
    {
        if (message is Hello hello)
        {
            Hear(hello);
            return;
        }

        if (_isMute)
        {
            return;
        }

        if (_clock.IsTooLate(message))
        {
            Answer(message, ReplyCodes.TooLate, "it came after its deadline");
            return;
        }

        try
        {
            Do(message);
        }
        catch (VerbException refused)
        {
            Answer(message, refused.Code, refused.Message);
        }
        catch (GuestProtocolException wrong)
        {
            Answer(message, ReplyCodes.Failed, wrong.Message);
        }
#pragma warning disable CA1031 // One message's bug must not end the agent: the host is told, and it is noted.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _log.Write($"'{message.Type}' failed: {failure}");
            Answer(message, ReplyCodes.Failed, failure.Message);
        }
    }

    private void Do(GuestMessage message)
    {
        switch (message)
        {
            case PayloadPart part:
                _payloads.Add(part);
                break;
            case StartTask task:
                _desk.Start(task, _payloads.Take(task.RunId, task.PayloadLength, task.PayloadHash), () => Answer(message));
                break;
            case QueryTask query:
                _link.Send(Answer(query));
                break;
            case CancelTask cancel:
                _desk.Cancel(cancel.RunId, cancel.Attempt, () => Answer(message));
                break;
            case Reply reply:
                Requests.Take(reply);
                break;
            case Ping:
                Answer(message);
                break;
            case RestartGuest:
                DoLater(message, () => GoDown(message, _machine.Restart));
                break;
            case ShutDownGuest:
                DoLater(message, () => GoDown(message, _machine.ShutDown));
                break;
            case ListSessions:
                DoLater(message, () => _link.Send(new SessionList(message.RequestId, [.. _machine.ListSessions().Take(ProtocolLimits.MaxListLength)])));
                break;
            case ShowMessage show:
                DoLater(message, () => DoAndAnswer(message, () => _machine.ShowMessage(show.SessionId, show.Text)));
                break;
            case LogOffSession logOff:
                DoLater(message, () => DoAndAnswer(message, () => _machine.LogOff(logOff.SessionId)));
                break;
            case AllowLogons allow:
                DoLater(message, () => DoAndAnswer(message, () => _machine.AllowLogons(allow.IsAllowed)));
                break;
            default:
                Answer(message, ReplyCodes.NotSupported, $"a guest does not do '{message.Type}'");
                break;
        }
    }

    private void DoLater(GuestMessage message, Action verb)
    {
        bool isTaken = _verbs.TryAdd(() =>
        {
            try
            {
                verb();
            }
            catch (VerbException refused)
            {
                Answer(message, refused.Code, refused.Message);
            }
#pragma warning disable CA1031 // One verb's bug must not end the agent: the host is told, and it is noted.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                _log.Write($"'{message.Type}' failed: {failure}");
                Answer(message, ReplyCodes.Failed, failure.Message);
            }
        });
        if (!isTaken)
        {
            Answer(message, ReplyCodes.TooMany, "too much is asked at once");
        }
    }

    private void DoAndAnswer(GuestMessage message, Action verb)
    {
        verb();
        Answer(message);
    }

    /// <summary>The answer goes out first: afterwards nobody is there to give it. If it then does not work, that is only in the log.</summary>
    private void GoDown(GuestMessage message, Action verb)
    {
        _log.Write($"The host asks for '{message.Type}'.");
        Answer(message);
        _link.Drain(DrainBeforeDown);
        try
        {
            verb();
        }
        catch (VerbException failure)
        {
            _log.Write($"'{message.Type}' did not work: {failure.Message}");
        }
    }

    private void Answer(GuestMessage message, string code = "", string text = "")
    {
        if (message.RequestId.Length > 0)
        {
            _link.Send(new Reply(message.RequestId, code.Length == 0, code, OneLine.Of(text, ProtocolLimits.MaxTextLength)));
        }
    }
}
