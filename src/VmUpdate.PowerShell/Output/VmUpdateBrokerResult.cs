using VmUpdate.Core.Broker;

namespace VmUpdate.PowerShell.Output;

/// <summary>What the task broker did.</summary>
public sealed class VmUpdateBrokerResult
{
    internal VmUpdateBrokerResult(BrokerReport report, TimeSpan duration, string computerName)
    {
        Started = report.Started;
        Succeeded = report.Succeeded;
        Failed = report.Failed;
        LeftAwake = new NameList(report.LeftAwake.Select(Describe));
        StillOpen = report.StillOpen;
        Duration = duration;
        ComputerName = computerName;
    }

    /// <summary>How many runs began; a retry counts again.</summary>
    public int Started { get; }

    /// <summary>How many succeeded.</summary>
    public int Succeeded { get; }

    /// <summary>How many failed or took too long.</summary>
    public int Failed { get; }

    /// <summary>The machines that were woken and not put back, each with the state it was found in and the reason.</summary>
    public NameList LeftAwake { get; }

    /// <summary>How many runs have not ended.</summary>
    public int StillOpen { get; }

    /// <summary>How long it worked.</summary>
    public TimeSpan Duration { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Started} started, {Succeeded} succeeded, {Failed} failed, {LeftAwake.Count} left awake";

    /// <summary>A machine that is awake, for people.</summary>
    /// <param name="machine">The machine.</param>
    /// <returns>Its name, what it was, and why it is not that again.</returns>
    internal static string Describe(AwakeMachine machine) => machine.IsLeft
        ? $"{machine.VmName} (was {machine.Found}): {machine.Reason}, {machine.Detail}"
        : $"{machine.VmName} (was {machine.Found}): its run is not over";
}
