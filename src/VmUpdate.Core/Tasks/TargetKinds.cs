namespace VmUpdate.Core.Tasks;

/// <summary>The kinds of machines that a task may be for as a whole. Ignored machines are none of them.</summary>
[Flags]
public enum TargetKinds
{
    /// <summary>No kind as a whole.</summary>
    None = 0,

    /// <summary>All personal machines.</summary>
    Personal = 1,

    /// <summary>All pooled machines.</summary>
    Pooled = 2,

    /// <summary>All machines that were declared to be personal or pooled.</summary>
    All = Personal | Pooled,
}
