using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Fuzz.Targets;

/// <summary>What guests and hosts say: valid messages whose parts need not belong together.</summary>
internal static class GuestWords
{
    private static readonly string[] Names = ["Script", "WindowsUpdate", "a", "-x", "..", "a.b_c-d", "Configuration", "OperatingSystemUpgrade", "Context", "Command", "3"];
    private static readonly string[] Kinds = ["OperatingSystemUpgrade", "ApplicationInstall", "ApplicationUpgrade", "Configuration"];
    private static readonly string[] PayloadKinds = ["Context", "Command", "Script"];
    private static readonly string[] Texts = ["", "Patch", "'; rm -rf / #", "../../x", "a\nb", "\u202egnp.exe", "\ud83d\ude00", new('n', 200), "PC-02"];
    private static readonly string[] RequestIds = ["", "h1", "h2", "h3", "h4", "h5", "r", "0", new('i', 64)];
    private static readonly int[] Numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 42, -1, 99, 4096, 32768, 65536, 1048576, int.MinValue, int.MaxValue];
    private static readonly DateTime Time = new(2026, 2, 3, 4, 5, 6, DateTimeKind.Utc);

    /// <summary>The ids that runs and requests have.</summary>
    internal static Guid[] Ids { get; } = [new("0f8fad5b-d9cb-469f-a165-70867728950e"), new("1f8fad5b-d9cb-469f-a165-70867728950e"), Guid.Empty];

    /// <summary>One message of each type, as lines.</summary>
    internal static byte[] Lines()
    {
        GuestMessage[] messages =
        [
            Hello(1, 1) with { Sent = Time },
            new PayloadPart(Ids[0], 0, [1, 2, 3, 4]),
            new StartTask(Ids[0], 3, "Nightly", "Configuration", "Script", "Script", "a.ps1", 4, PayloadAssembler.HashOf([1, 2, 3, 4]), true, 60) { RequestId = "7" },
            new QueryTask(Ids[0], 1),
            new TaskReport(Ids[0], 1, 3, 50, true, "half way \u20ac"),
            new Reply("7", false, ReplyCodes.Failed, "why"),
            new UpdateRequest(Ids[0], "Patch", "Configuration", "Script", true, Time, Time, Time, "Context", "f", 0, string.Empty) { RequestId = "r", Deadline = Time },
            new SessionList("3", [new GuestSession(1, "LAB\\anna", true)]),
            new ShowMessage(1, "text"),
            new AllowLogons(true),
            new Ping { RequestId = "4" },
        ];
        return [.. "\n"u8, .. messages.SelectMany(MessageCodec.Encode)];
    }

    /// <summary>A hello.</summary>
    internal static Hello Hello(int oldest, int newest) => new(oldest, newest, "agent", "PC-01", ["Script"], [new RunOnGuest(Ids[0], 2)]);

    /// <summary>Some message.</summary>
    internal static GuestMessage Make(Random random)
    {
        byte[] bytes = new byte[random.Next(2) == 0 ? 0 : random.Next(3)];
        GuestMessage message = random.Next(18) switch
        {
            0 => Hello(Of(Numbers, random) is > 0 and < 10 and int oldest ? oldest : 1, 1 + random.Next(4)) with { Runs = [.. Ids.Take(random.Next(3)).Select(id => new RunOnGuest(id, 1))] },
            1 or 2 => new PayloadPart(Of(Ids, random), random.Next(3) > 0 ? 0 : Math.Clamp(Of(Numbers, random), 0, 1048576), bytes),
            3 or 4 or 5 => new UpdateRequest(
                Of(Ids, random),
                Of(Texts, random),
                random.Next(4) > 0 ? Of(Kinds, random) : Of(Names, random),
                Of(Names, random),
                random.Next(2) == 0,
                random.Next(4) == 0 ? Time.AddDays(random.Next(5)) : null,
                random.Next(4) == 0 ? Time.AddDays(random.Next(5)) : null,
                random.Next(4) == 0 ? Time : null,
                random.Next(4) > 0 ? Of(PayloadKinds, random) : Of(Names, random),
                random.Next(2) == 0 ? Of(Names, random) : Of(Texts, random),
                random.Next(4) > 0 ? bytes.Length : Math.Clamp(Of(Numbers, random), 0, 1048576),
                random.Next(4) > 0 ? PayloadAssembler.HashOf(bytes) : string.Empty),
            6 or 7 => new TaskReport(Of(Ids, random), 1, Of(Numbers, random), random.Next(2) == 0 ? random.Next(101) : null, random.Next(2) == 0, Of(Texts, random)),
            8 or 9 => new Reply(Of(RequestIds, random), random.Next(2) == 0, Of(Names, random), Of(Texts, random)),
            10 => new SessionList(Of(RequestIds, random), [new GuestSession(Of(Numbers, random), Of(Texts, random), true)]),
            11 => new Ping(),
            12 => new StartTask(Of(Ids, random), 1, Of(Texts, random), "Configuration", "Script", "Context", string.Empty, 0, string.Empty, true, 0),
            13 => new QueryTask(Of(Ids, random), 1),
            14 => new ListSessions(),
            15 => new RestartGuest(),
            16 => new ShowMessage(Of(Numbers, random), Of(Texts, random)),
            _ => new AllowLogons(random.Next(2) == 0),
        };
        return random.Next(2) == 0 ? message with { RequestId = Of(RequestIds, random), Deadline = random.Next(8) == 0 ? Time : null } : message;
    }

    private static T Of<T>(T[] all, Random random) => all[random.Next(all.Length)];
}
