namespace VmUpdate.Core.Identity.Leaks;

/// <summary>A disk that was looked at, or that could not be.</summary>
public sealed class AuditedDisk
{
    internal AuditedDisk()
    {
    }

    /// <summary>The file's full path.</summary>
    public required string Path { get; init; }

    /// <summary>What the report calls it.</summary>
    public required string Name { get; init; }

    /// <summary>What it was looked at as; never <see cref="DiskRole.Auto"/>.</summary>
    public DiskRole Role { get; internal set; }

    /// <summary>The files it is a child of, its own parent first.</summary>
    public IReadOnlyList<string> Ancestors { get; init; } = [];

    /// <summary>What Windows on it calls itself; empty when it does not say.</summary>
    public string ComputerName { get; init; } = string.Empty;

    /// <summary>The build number of its Windows; 0 when it does not say.</summary>
    public long WindowsBuild { get; init; }

    /// <summary>Whether it was generalized (sysprep) and not started since.</summary>
    public bool IsGeneralized { get; init; }

    /// <summary>Whether it is an older disk of a machine whose present disk was looked at too; it is not compared with others.</summary>
    public bool IsSuperseded { get; internal set; }

    /// <summary>Why it was not looked at; <see langword="null"/> when it was.</summary>
    public VmUpdateException? Failure { get; init; }
}
