using System.Globalization;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Broker;

/// <summary>The task that an allowed request becomes, before it is on the disk.</summary>
/// <param name="Vm">The machine.</param>
/// <param name="Task">The task.</param>
/// <param name="Payload">Its payload.</param>
/// <param name="Runs">Its runs.</param>
internal sealed record GuestTaskDraft(VmKey Vm, UpdateTask Task, TaskPayload Payload, IReadOnlyList<UpdateRun> Runs)
{
    private const int DigitsOfName = 12;

    /// <summary>The id of the task that a request becomes: the same for the same request of the same machine, whoever makes it.</summary>
    public static Guid IdOf(VmKey vm, Guid request) => RunIds.Of(request, vm.VmId, 0);

    /// <summary>What a guest is told of its task, when it is on the disk, however often it asks.</summary>
    public static GuestAnswer AnswerOf(UpdateTask task) => new(true, string.Empty, $"registered as '{task.Name}'.");

    /// <summary>Whether a task is what a request asks for, and not another request's with the same id.</summary>
    public static bool IsOf(UpdateTask task, UpdateRequest request) =>
        (task.Kind.ToString(), task.Instructor, task.IsUrgent, task.Payload.Kind.ToString()) == (request.Kind, request.Instructor, request.IsUrgent, request.PayloadKind)
        && string.Equals(task.Payload.Sha256, request.PayloadHash, StringComparison.OrdinalIgnoreCase)
        && task.Name.StartsWith(request.Name + " (", StringComparison.Ordinal);

    /// <summary>Makes the task, if it can be one.</summary>
    public static (GuestAnswer? No, GuestTaskDraft? Draft) Make(
        GuestRequest request, TargetMachine machine, byte[] payload, DateTime utcNow, TimeSpan longestJitter)
    {
        UpdateRequest asked = request.Message;
        if (WhyNot(asked) is { } why)
        {
            return (new GuestAnswer(false, ReplyCodes.Failed, why), null);
        }

        if (!Enum.TryParse(asked.Kind, out UpdateTaskKind kind))
        {
            return (new GuestAnswer(false, ReplyCodes.Failed, $"there is no kind of task {asked.Kind}."), null);
        }

        TaskPayload content = asked.PayloadKind switch
        {
            nameof(PayloadKind.Command) => TaskPayload.FromCommand(payload),
            nameof(PayloadKind.Script) => TaskPayload.FromScript(asked.FileName, payload),
            _ => TaskPayload.FromContext(payload),
        };
        var task = new UpdateTask
        {
            Id = IdOf(request.Vm, asked.Id),

            // No other request can have it, and no prompt will: the guest chooses only what comes first.
            Name = $"{asked.Name} ({request.VmName}, {asked.Id.ToString("N").Substring(0, DigitsOfName)})",
            Kind = kind,
            Instructor = asked.Instructor,
            Payload = content.Info,
            Targets = new TaskTargets { Ids = [request.Vm.VmId] },
            Schedule = new TaskSchedule { StartTime = asked.StartTime, EndTime = asked.EndTime, Deadline = asked.Due },
            Timeouts = PhaseTimeouts.Of(kind),
            MaxRestarts = KindDefaults.Of(kind).MaxRestarts,
            IsUrgent = asked.IsUrgent,
            Registered = utcNow,
            RegisteredBy = $"guest of {request.VmName}",
            GuestRequest = asked.Id,
        };
        (IReadOnlyList<TargetMachine> machines, IReadOnlyList<TaskFinding> findings) = TaskValidator.Check(task, [machine], 0, utcNow);
        return findings.FirstOrDefault(finding => finding.IsError) is { } error
            ? (new GuestAnswer(false, ReplyCodes.Failed, error.Message), null)
            : (null, new GuestTaskDraft(
                request.Vm, task, content, RunPlanner.First(task, machines, StartJitter.SeedOf(request.Vm.HostId), longestJitter)));
    }

    /// <summary>Writes the task down.</summary>
    public void Write(StoreTransaction transaction) => transaction.AddTask(Vm.HostId, Task, Payload, Runs);

    /// <summary>What a prompt may write and a guest may not: words that show as others than they are, and names that could be paths.</summary>
    private static string? WhyNot(UpdateRequest asked)
    {
        if (asked.Name.Any(c => char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
        {
            return "the name holds characters that cannot be shown.";
        }

        return asked.PayloadKind == nameof(PayloadKind.Script) && !NameRules.IsName(asked.FileName)
            ? "a script's file name has 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit."
            : null;
    }
}
