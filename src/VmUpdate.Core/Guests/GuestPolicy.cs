using System.Text.Json.Serialization;
using VmUpdate.Core.Tasks;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Guests;

/// <summary>
/// What guests may ask their host for. The defaults are for a host whose administrator said nothing: personal machines may ask for their
/// own updates, a few in an hour, never urgently, and only in bytes that an instructor's own update agent understands. Commands and scripts
/// are left out: whoever may talk to the trigger agent in a guest could have them run there with the agent's rights.
/// </summary>
public sealed record GuestPolicy
{
    /// <summary>The one format there is.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The most entries of a list.</summary>
    public const int MostEntries = 1000;

    /// <summary>The greatest number of requests that may be allowed.</summary>
    public const int MostRequests = 1_000_000;

    /// <summary>The policy of a host without a policy file.</summary>
    public static GuestPolicy Default { get; } = new();

    /// <summary>The name of the file's schema, for editors.</summary>
    [JsonPropertyName("$schema")]
    public string? Schema { get; init; }

    /// <summary>The format of the file.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The names of the machines whose guests may ask; <c>*</c> and <c>?</c> stand for any characters. Default all.</summary>
    public IReadOnlyList<string> Machines { get; init; } = ["*"];

    /// <summary>What a machine must have been declared to be. Default personal; an ignored one may never ask.</summary>
    public TargetKinds Roles { get; init; } = TargetKinds.Personal;

    /// <summary>The kinds of tasks that may be asked for. Default all.</summary>
    public IReadOnlyList<UpdateTaskKind> Kinds { get; init; } =
    [
        UpdateTaskKind.OperatingSystemUpgrade, UpdateTaskKind.ApplicationInstall, UpdateTaskKind.ApplicationUpgrade, UpdateTaskKind.Configuration,
    ];

    /// <summary>The instructors that may be asked for; <c>*</c> and <c>?</c> stand for any characters. Default all.</summary>
    public IReadOnlyList<string> Instructors { get; init; } = ["*"];

    /// <summary>What a payload may be. Default only bytes for the instructor's own agent.</summary>
    public IReadOnlyList<PayloadKind> PayloadKinds { get; init; } = [PayloadKind.Context];

    /// <summary>Whether a guest may ask for the urgent lane. Default no.</summary>
    public bool AllowUrgent { get; init; }

    /// <summary>The longest payload, in bytes. Default 64 KiB.</summary>
    public int MaxPayloadBytes { get; init; } = 64 * 1024;

    /// <summary>How many requests of one machine are accepted in an hour. Default 12.</summary>
    public int MaxRequestsPerHour { get; init; } = 12;

    /// <summary>How many accepted requests of one machine may be open at once. Default 4.</summary>
    public int MaxOpenRequests { get; init; } = 4;

    /// <summary>What is wrong with the policy.</summary>
    /// <returns>One sentence; <see langword="null"/> when nothing is.</returns>
    public string? WhyNotUsable()
    {
        if (Format != CurrentFormat)
        {
            return $"Its format is {Format}, and only {CurrentFormat} is known.";
        }

        if (Machines is null || Kinds is null || Instructors is null || PayloadKinds is null)
        {
            return "A list in it is null.";
        }

        if (Machines.Count > MostEntries || Instructors.Count > MostEntries || Machines.Concat(Instructors).Any(string.IsNullOrWhiteSpace))
        {
            return $"A list of names has at most {MostEntries} entries, and none of them is empty.";
        }

        if ((Roles & ~TargetKinds.All) != 0)
        {
            return "The roles are Personal, Pooled, All or None.";
        }

        if (MaxPayloadBytes is < 0 or > ProtocolLimits.MaxPayloadLength)
        {
            return $"maxPayloadBytes is {MaxPayloadBytes}, and 0 to {ProtocolLimits.MaxPayloadLength} is allowed.";
        }

        return MaxRequestsPerHour is < 0 or > MostRequests || MaxOpenRequests is < 0 or > MostRequests
            ? $"A number of requests is 0 to {MostRequests}."
            : null;
    }

    /// <summary>What is allowed, in one sentence.</summary>
    /// <returns>The sentence.</returns>
    public override string ToString() => string.Join(
        "; ",
        $"{Roles.ToString().ToLowerInvariant()} machines named {Join(Machines)}",
        $"kinds {(Kinds.Count == Default.Kinds.Count ? "*" : Join(Kinds))}",
        $"instructors {Join(Instructors)}",
        $"payloads {Join(PayloadKinds)} of {ByteCount.Text(MaxPayloadBytes)} at most",
        AllowUrgent ? "urgent too" : "not urgent",
        $"{MaxRequestsPerHour} an hour and {MaxOpenRequests} open for each machine");

    /// <summary>Looks for a reason to refuse a request, other than how many there are.</summary>
    /// <param name="machine">The machine, as its host knows it.</param>
    /// <param name="request">The request.</param>
    /// <returns>The refusal; <see langword="null"/> when the request is allowed.</returns>
    internal GuestAnswer? Refuse(TargetMachine machine, UpdateRequest request)
    {
        if ((machine.Kind & Roles) == 0 || !Machines.Any(pattern => NamePattern.Fits(pattern, machine.Name)))
        {
            return No("this host takes no requests of this machine.");
        }

        if (!Enum.TryParse(request.Kind, out UpdateTaskKind kind) || !Kinds.Contains(kind) || !string.Equals(kind.ToString(), request.Kind, StringComparison.Ordinal))
        {
            return No($"this host takes no requests for {request.Kind}.");
        }

        if (!Instructors.Any(pattern => NamePattern.Fits(pattern, request.Instructor)))
        {
            return No($"this host takes no requests for the instructor {request.Instructor}.");
        }

        if (!Enum.TryParse(request.PayloadKind, out PayloadKind payload) || !PayloadKinds.Contains(payload)
            || !string.Equals(payload.ToString(), request.PayloadKind, StringComparison.Ordinal))
        {
            return No($"this host takes no requests with a {request.PayloadKind}.");
        }

        if (request.IsUrgent && !AllowUrgent)
        {
            return No("this host takes no urgent requests; ask without it.");
        }

        return request.PayloadLength > MaxPayloadBytes
            ? No($"the payload has {request.PayloadLength} bytes, and this host takes {MaxPayloadBytes}.")
            : null;
    }

    private static string Join<T>(IReadOnlyList<T> items) => items.Count == 0 ? "none" : string.Join(", ", items);

    private static GuestAnswer No(string message) => new(false, ReplyCodes.NotAllowed, message);
}
