using VmUpdate.Core.Broker;

namespace VmUpdate.PowerShell.Output;

/// <summary>What the broker would do with a run, and about when.</summary>
public sealed class VmUpdatePlannedRun
{
    internal VmUpdatePlannedRun(int order, PlannedRun run, string computerName)
    {
        Order = order;
        TaskName = run.TaskName;
        VMName = run.VmName;
        VMId = run.Vm.VmId;
        RunId = run.RunId;
        ExpectedStart = run.ExpectedStart;
        IsWoken = run.IsWoken;
        Reason = run.Reason;
        ComputerName = computerName;
    }

    /// <summary>Its place in the order in which runs would begin, from 1.</summary>
    public int Order { get; }

    /// <summary>Its task's name.</summary>
    public string TaskName { get; }

    /// <summary>Its machine's name.</summary>
    public string VMName { get; }

    /// <summary>Its machine's id.</summary>
    public Guid VMId { get; }

    /// <summary>Its id.</summary>
    public Guid RunId { get; }

    /// <summary>About when it would begin, in UTC; empty when it never would as things are.</summary>
    public DateTime? ExpectedStart { get; }

    /// <summary>Whether its machine would be woken for it.</summary>
    public bool IsWoken { get; }

    /// <summary>Why it does not begin now; empty when it may.</summary>
    public string Reason { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Order}. {TaskName} on {VMName}";
}
