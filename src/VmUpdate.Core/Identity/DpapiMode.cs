namespace VmUpdate.Core.Identity;

/// <summary>What becomes of the DPAPI keys of the new disk when the old one's are carried.</summary>
public enum DpapiMode
{
    /// <summary>The carried master keys are sealed anew and laid beside the master's: what either disk protected opens.</summary>
    Rewrap,

    /// <summary>The old disk's DPAPI_SYSTEM takes the place of the master's: what the master protected no longer opens.</summary>
    Replace,
}
