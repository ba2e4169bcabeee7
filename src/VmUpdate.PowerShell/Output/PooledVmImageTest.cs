using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;

namespace VmUpdate.PowerShell.Output;

/// <summary>What a swap would do to one virtual machine, and whether it may be tried.</summary>
public sealed class PooledVmImageTest
{
    internal PooledVmImageTest(PreflightResult result, string computerName)
    {
        VMName = result.VMName;
        VMId = result.VMId;
        Pool = result.Pool;
        Verdict = result.Verdict;
        Reason = result.Reason;
        Remedy = result.Remedy;
        Findings = result.Findings;
        IsCurrent = result.IsCurrent;
        From = result.From;
        To = result.To;
        DiskPath = result.DiskPath;
        NewDiskPath = result.NewDiskPath;
        Carried = new NameList(result.Carried);
        Stripped = new NameList(result.Stripped);
        NotCarried = new NameList(result.NotCarried);
        Plan = result.Plan?.Decisions ?? [];
        CheckedWhenStopped = result.CheckedWhenStopped;
        Steps = new NameList(result.Steps);
        ComputerName = computerName;
    }

    /// <summary>The machine's name.</summary>
    public string VMName { get; }

    /// <summary>The machine's id; empty when no machine has the name.</summary>
    public Guid VMId { get; }

    /// <summary>Its pool; empty when it is in none.</summary>
    public string Pool { get; }

    /// <summary><c>Ready</c>, <c>Warn</c> or <c>Blocked</c>: the gravest of the findings.</summary>
    public PreflightVerdict Verdict { get; }

    /// <summary>The gravest finding's reason; empty when the machine is ready.</summary>
    public string Reason { get; }

    /// <summary>What to do about it.</summary>
    public string Remedy { get; }

    /// <summary>All that was found, each with its error id, reason and remedy.</summary>
    public IReadOnlyList<PreflightFinding> Findings { get; }

    /// <summary>Whether the machine is on that master already, so that nothing would be done.</summary>
    public bool IsCurrent { get; }

    /// <summary>The image it is on; empty when that is not known.</summary>
    public string From { get; }

    /// <summary>The image it would be on.</summary>
    public string To { get; }

    /// <summary>The disk it is on.</summary>
    public string DiskPath { get; }

    /// <summary>The disk it would be on, the swap's eight digits left open.</summary>
    public string NewDiskPath { get; }

    /// <summary>The sets of identity that would be carried. Empty with <see cref="CheckedWhenStopped"/>.</summary>
    public NameList Carried { get; }

    /// <summary>The sets that would be removed from what the master brings.</summary>
    public NameList Stripped { get; }

    /// <summary>The sets that the old disk has and the new one would not have.</summary>
    public NameList NotCarried { get; }

    /// <summary>Every set's decision with its reason; empty when the old disk was not read.</summary>
    public IReadOnlyList<SetDecision> Plan { get; }

    /// <summary>Whether the machine runs and holds its disk, so that what is on it is checked when it has been stopped.</summary>
    public bool CheckedWhenStopped { get; }

    /// <summary>What would be done, in order.</summary>
    public NameList Steps { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{VMName}: {Verdict}";
}
