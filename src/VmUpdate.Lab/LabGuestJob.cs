using VmUpdate.Core.Tasks;

namespace VmUpdate.Lab;

/// <summary>A task that a guest was handed. Its progress follows from these times and the clock: it goes on without anybody who looks.</summary>
internal sealed record LabGuestJob
{
    public required Guid RunId { get; init; }

    public required int Attempt { get; init; }

    public required string TaskName { get; init; }

    public required string Instructor { get; init; }

    public required PayloadKind Kind { get; init; }

    public required string FileName { get; init; }

    public required bool MayRestart { get; init; }

    public required LabGuestScript Script { get; init; }

    /// <summary>How long the guest had worked on it at <see cref="SinceUtc"/>.</summary>
    public TimeSpan Worked { get; init; }

    public required DateTime SinceUtc { get; init; }

    /// <summary>How long it had worked when it was told to give up.</summary>
    public TimeSpan? CanceledAt { get; init; }

    /// <summary>Whether the guest was restarted since it was done.</summary>
    public bool IsRestarted { get; init; }

    /// <summary>Whether what it leaves is on the machine's disk.</summary>
    public bool HasLeft { get; init; }

    public bool Is(Guid runId, int attempt) => RunId == runId && Attempt == attempt;

    public string PayloadName(Guid vm) => $"{vm:N}-{RunId:N}-{Attempt}.payload";
}
