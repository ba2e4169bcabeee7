namespace VmUpdate.Core.Images;

/// <summary>What the checks say of a machine.</summary>
public enum PreflightVerdict
{
    /// <summary>It can be moved.</summary>
    Ready,

    /// <summary>It can be moved; something should be known first.</summary>
    Warn,

    /// <summary>It will be refused.</summary>
    Blocked,
}
