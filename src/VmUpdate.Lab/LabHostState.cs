namespace VmUpdate.Lab;

/// <summary>What the file of a lab itself holds.</summary>
internal sealed record LabHostState
{
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public LabTimings Timings { get; init; } = LabTimings.None;
}
