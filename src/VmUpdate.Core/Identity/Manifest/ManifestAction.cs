namespace VmUpdate.Core.Identity;

/// <summary>What is done with a manifest's item.</summary>
public enum ManifestAction
{
    /// <summary>The new disk gets it.</summary>
    Write,

    /// <summary>The new disk must not have it.</summary>
    Remove,

    /// <summary>The new disk's own takes another name.</summary>
    Rename,
}
