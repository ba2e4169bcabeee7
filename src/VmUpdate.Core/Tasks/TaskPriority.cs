namespace VmUpdate.Core.Tasks;

/// <summary>How long a task without a deadline may be overtaken by tasks with one.</summary>
public enum TaskPriority
{
    /// <summary>For three days.</summary>
    Low,

    /// <summary>For one day.</summary>
    Normal,

    /// <summary>For two hours.</summary>
    High,
}
