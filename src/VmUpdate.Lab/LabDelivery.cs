using VmUpdate.Core.Tasks;

namespace VmUpdate.Lab;

/// <summary>What reached a made-up guest.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Attempt">The attempt, from 1.</param>
/// <param name="TaskName">The task's name.</param>
/// <param name="Instructor">Whose agent it is for.</param>
/// <param name="Kind">What the payload is.</param>
/// <param name="FileName">The script's file name; empty for others.</param>
/// <param name="MayRestart">Whether the guest may restart by itself.</param>
/// <param name="Payload">The bytes, as the guest has them.</param>
public sealed record LabDelivery(
    Guid RunId, int Attempt, string TaskName, string Instructor, PayloadKind Kind, string FileName, bool MayRestart, ReadOnlyMemory<byte> Payload);
