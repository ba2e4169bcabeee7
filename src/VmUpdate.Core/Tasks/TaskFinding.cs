namespace VmUpdate.Core.Tasks;

/// <summary>What was found when a task was checked.</summary>
/// <param name="IsError">Whether the task is refused; else it is a warning.</param>
/// <param name="Defect">What it is.</param>
/// <param name="Message">One sentence with the names and numbers in it.</param>
public sealed record TaskFinding(bool IsError, TaskDefect Defect, string Message)
{
    internal static TaskFinding Error(TaskDefect defect, string message) => new(true, defect, message);

    internal static TaskFinding Warning(TaskDefect defect, string message) => new(false, defect, message);
}
