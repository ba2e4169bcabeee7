namespace VmUpdate.Core.Identity.Leaks;

/// <summary>What was done to a thing on a master.</summary>
public enum CleanAction
{
    /// <summary>It is not on the new file.</summary>
    Removed,

    /// <summary>The file is there, the secrets in it are not.</summary>
    Blanked,
}
