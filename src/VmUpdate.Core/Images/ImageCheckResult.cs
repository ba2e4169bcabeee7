using VmUpdate.Core.Identity;

namespace VmUpdate.Core.Images;

/// <summary>What a look through a whole image found.</summary>
public sealed record ImageCheckResult
{
    /// <summary>The image's file.</summary>
    public required string Path { get; init; }

    /// <summary>Whether it may be used: no finding is an error.</summary>
    public bool IsSound => Findings.All(finding => finding.Severity != Severity.Error);

    /// <summary>What was found, in the order of the layers: file, volume, Windows, hives.</summary>
    public required IReadOnlyList<ImageFinding> Findings { get; init; }

    /// <summary>The files that it is made of, its own first, then its parents.</summary>
    public IReadOnlyList<string> Chain { get; init; } = [];

    /// <summary>The file's DataWriteGuid, which a child names its parent by; <see cref="Guid.Empty"/> when the file cannot be read.</summary>
    public Guid DataWriteGuid { get; init; }

    /// <summary>What its Windows calls itself; empty when it does not say.</summary>
    public string ComputerName { get; init; } = string.Empty;

    /// <summary>The build number of its Windows; 0 when it does not say.</summary>
    public long WindowsBuild { get; init; }

    /// <summary>Whether it was generalized (sysprep) and not started since.</summary>
    public bool IsGeneralized { get; init; }

    /// <summary>How many keys and values its hives hold.</summary>
    public long RegistryItems { get; init; }
}
