namespace VmUpdate.Core.Tasks;

/// <summary>A task was refused.</summary>
public sealed class TaskException : VmUpdateException
{
    /// <summary>Makes the failure.</summary>
    /// <param name="defect">The cause.</param>
    /// <param name="subject">The task's name, or the part of it.</param>
    /// <param name="message">One sentence: what is wrong, and what would be right.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public TaskException(TaskDefect defect, string subject, string message, Exception? inner = null)
        : base(subject, string.Empty, $"{subject}: {message}", inner) => Defect = defect;

    /// <summary>The cause.</summary>
    public TaskDefect Defect { get; }

    /// <inheritdoc/>
    public override string Code => $"Task{Defect}";
}
