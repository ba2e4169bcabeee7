using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Tests.Tasks;

internal static class SampleTask
{
    public static readonly DateTime Now = new(2026, 6, 1, 12, 0, 0, DateTimeKind.Utc);

    public static UpdateTask Make(UpdateTaskKind kind = UpdateTaskKind.ApplicationUpgrade, int number = 1) => new()
    {
        Id = new Guid(number, 0, 0, new byte[8]),
        Name = $"task {number}",
        Kind = kind,
        Instructor = "WindowsUpdate",
        Payload = TaskPayload.FromCommand("update").Info,
        Targets = new TaskTargets { Kinds = TargetKinds.All },
        Timeouts = PhaseTimeouts.Of(kind),
        MaxRestarts = KindDefaults.Of(kind).MaxRestarts,
        Registered = Now,
    };

    public static TargetMachine Machine(int number, TargetKinds kind = TargetKinds.Personal, string? pool = null, long memoryGiB = 4) =>
        new(new VmKey("host", new Guid(number, 1, 0, new byte[8])), $"PC{number}", kind, pool, memoryGiB << 30);
}
