using VmUpdate.Core.Images;

namespace VmUpdate.PowerShell.Output;

/// <summary>Whether machines may be made from an image, and what stands in the way.</summary>
public sealed class VmImageTest
{
    internal VmImageTest(ImageCheckResult result)
    {
        Path = result.Path;
        IsSound = result.IsSound;
        ErrorIds = new NameList(result.Findings.Select(finding => finding.Code));
        Findings = new NameList(result.Findings.Select(finding => finding.Message));
        Parents = new NameList(result.Chain.Skip(1));
        ImageName = result.ComputerName;
        WindowsBuild = result.WindowsBuild;
        IsGeneralized = result.IsGeneralized;
        RegistryItems = result.RegistryItems;
    }

    /// <summary>The image's file.</summary>
    public string Path { get; }

    /// <summary>Whether it may be used.</summary>
    public bool IsSound { get; }

    /// <summary>What stands in the way, as error ids; see about_VmUpdate_Errors.</summary>
    public NameList ErrorIds { get; }

    /// <summary>The same, a sentence each.</summary>
    public NameList Findings { get; }

    /// <summary>The files that it is a child of, its own parent first.</summary>
    public NameList Parents { get; }

    /// <summary>What its Windows calls itself; empty when it does not say.</summary>
    public string ImageName { get; }

    /// <summary>The build number of its Windows; 0 when it does not say.</summary>
    public long WindowsBuild { get; }

    /// <summary>Whether it was generalized (sysprep) and not started since.</summary>
    public bool IsGeneralized { get; }

    /// <summary>How many keys and values of its registry were read.</summary>
    public long RegistryItems { get; }

    /// <inheritdoc/>
    public override string ToString() => IsSound ? $"{Path}: sound" : $"{Path}: {Findings}";
}
