using VmUpdate.Core.Versions;

namespace VmUpdate.PowerShell.Output;

/// <summary>A version of a pool's master image.</summary>
public sealed class PooledVmImageVersion
{
    internal PooledVmImageVersion(VersionInfo info, string computerName)
    {
        ImageVersion version = info.Version;
        Pool = version.Pool;
        Version = version.Number;
        Path = version.Path;
        IsCurrent = info.IsCurrent;
        Exists = info.Exists;
        Created = version.Created == default ? null : version.Created;
        FromVersion = version.FromNumber;
        TaskName = version.TaskName;
        RunId = version.RunId;
        Result = version.Result;
        UsedBy = new NameList(info.UsedBy);
        Findings = new NameList([.. version.Findings.Select(finding => finding.ToString())]);
        ComputerName = computerName;
    }

    /// <summary>The pool.</summary>
    public string Pool { get; }

    /// <summary>The version's number: 1 for the master that the pool had first.</summary>
    public int Version { get; }

    /// <summary>The master's file.</summary>
    public string Path { get; }

    /// <summary>Whether the pool's machines are to be on it: whether it is the pool's master.</summary>
    public bool IsCurrent { get; }

    /// <summary>Whether its file is there.</summary>
    public bool Exists { get; }

    /// <summary>When it was made, in UTC; of a master that was not made here, when it was first recorded.</summary>
    public DateTime? Created { get; }

    /// <summary>The version that it was made from; empty when it was not made here.</summary>
    public int? FromVersion { get; }

    /// <summary>The task that was performed in it; empty when it was not made here.</summary>
    public string TaskName { get; }

    /// <summary>The task's run, for Get-VmUpdateRun.</summary>
    public Guid? RunId { get; }

    /// <summary>What the guest said at the task's end.</summary>
    public string Result { get; }

    /// <summary>The pool's machines that are on it.</summary>
    public NameList UsedBy { get; }

    /// <summary>What every machine gets that is made from it and should not: see Test-VmIdentity, Clear-VmIdentity.</summary>
    public NameList Findings { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Pool} version {Version}";
}
