using VmUpdate.Core.Broker;

namespace VmUpdate.PowerShell.Output;

/// <summary>One thing that must be right for updates on a host, and whether it is.</summary>
public sealed class VmUpdateHostTest
{
    internal VmUpdateHostTest(HostFinding finding, string computerName)
    {
        Check = finding.Check;
        Verdict = finding.Verdict;
        Detail = finding.Detail;
        Remedy = finding.Remedy;
        ComputerName = computerName;
    }

    /// <summary>What was looked at.</summary>
    public HostCheckKind Check { get; }

    /// <summary><c>Ready</c>, <c>Warn</c>, or <c>Blocked</c>: nothing can be updated like this.</summary>
    public HostVerdict Verdict { get; }

    /// <summary>What was found, with its numbers.</summary>
    public string Detail { get; }

    /// <summary>What to do about it; empty when nothing need be done.</summary>
    public string Remedy { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Check}: {Verdict}";
}
