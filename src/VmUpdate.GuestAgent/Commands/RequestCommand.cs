using System.Globalization;
using System.Text;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Commands;

/// <summary>Asks the host to update this machine.</summary>
internal static class RequestCommand
{
    private const int DefaultWait = 30;
    private static readonly string[] Payloads = ["script", "command", "context", "context-file"];

    internal static int Run(Arguments arguments)
    {
        if (!TryMake(arguments, out UpdateRequest request, out byte[] payload, out TimeSpan wait, out string wrong))
        {
            Console.Error.WriteLine($"vmupdate-agent request: {wrong}");
            return ExitCodes.WrongUsage;
        }

        using var call = new LocalCall(Platform.ConnectLocal(arguments.Get("api", Platform.Paths.LocalApi)));
        foreach (PayloadPart part in PayloadAssembler.Split(request.Id, payload))
        {
            call.Send(part);
        }

        call.Send(request);
        switch (call.Receive(wait))
        {
            case Reply { IsDone: true } taken:
                Console.WriteLine(taken.Message.Length > 0 ? $"Taken: {OneLine.Of(taken.Message, 500)}" : "Taken.");
                return ExitCodes.Done;
            case Reply refused:
                Console.Error.WriteLine($"Refused ({OneLine.Of(refused.Code, 64)}): {OneLine.Of(refused.Message, 500)}");
                return ExitCodes.Refused;
            default:
                Console.Error.WriteLine($"The host did not answer within {wait.TotalSeconds} s.");
                return ExitCodes.NoAnswer;
        }
    }

    private static bool TryMake(Arguments arguments, out UpdateRequest request, out byte[] payload, out TimeSpan wait, out string wrong)
    {
        (request, payload, wait) = (null!, [], TimeSpan.Zero);
        string kind = arguments.Get("kind", string.Empty);
        string instructor = arguments.Get("instructor", string.Empty);
        string name = arguments.Get("name", $"{kind} by {instructor}");
        string fileName = Path.GetFileName(arguments.Get("script", string.Empty));
        if (!NameRules.IsName(kind) || !NameRules.IsName(instructor))
        {
            wrong = $"--kind and --instructor are needed, names of letters, digits, '.', '-' and '_'; they are '{kind}' and '{instructor}'";
            return false;
        }

        if (!TryReadPayload(arguments, out string payloadKind, out payload, out wrong)
            || !TryReadTime(arguments, "start", out DateTime? start, out wrong)
            || !TryReadTime(arguments, "end", out DateTime? end, out wrong)
            || !TryReadTime(arguments, "due", out DateTime? due, out wrong))
        {
            return false;
        }

        if (!int.TryParse(arguments.Get("wait", $"{DefaultWait}"), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) || seconds > 24 * 60 * 60)
        {
            wrong = "--wait must be a number of seconds, at most a day";
            return false;
        }

        if (name.Length > ProtocolLimits.MaxNameLength || fileName.Length > ProtocolLimits.MaxNameLength)
        {
            wrong = $"--name and the script's file name have at most {ProtocolLimits.MaxNameLength} characters";
            return false;
        }

        wait = TimeSpan.FromSeconds(seconds);
        request = new UpdateRequest(
            Guid.NewGuid(), name, kind, instructor, arguments.Has("urgent"), start, end, due, payloadKind, fileName, payload.Length, PayloadAssembler.HashOf(payload))
        {
            RequestId = "request",
        };
        return true;
    }

    private static bool TryReadPayload(Arguments arguments, out string kind, out byte[] payload, out string wrong)
    {
        string[] given = [.. Payloads.Where(arguments.Has)];
        (kind, payload, wrong) = (PayloadKinds.Context, [], string.Empty);
        if (given.Length > 1)
        {
            wrong = $"--{given[0]} and --{given[1]} cannot go together";
            return false;
        }

        if (given.Length == 0)
        {
            return true;
        }

        string value = arguments.Find(given[0])!;
        try
        {
            kind = given[0] == "script" ? PayloadKinds.Script : given[0] == "command" ? PayloadKinds.Command : PayloadKinds.Context;
            payload = given[0] is "script" or "context-file" ? SafeFile.Read(value, ProtocolLimits.MaxPayloadLength) : Encoding.UTF8.GetBytes(value);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            wrong = failure.Message;
        }

        wrong = payload.Length > ProtocolLimits.MaxPayloadLength ? $"the payload has at most {ProtocolLimits.MaxPayloadLength} bytes" : wrong;
        return wrong.Length == 0;
    }

    private static bool TryReadTime(Arguments arguments, string name, out DateTime? time, out string wrong)
    {
        (time, wrong) = (null, string.Empty);
        if (arguments.Find(name) is not { } text)
        {
            return true;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset parsed))
        {
            time = parsed.UtcDateTime;
            return true;
        }

        wrong = $"--{name} must be a time like 2026-01-31T23:00:00Z, and is '{text}'";
        return false;
    }
}
