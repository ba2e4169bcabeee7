namespace VmUpdate.Core.Identity;

/// <summary>What a manifest's item is about.</summary>
public enum ManifestItemKind
{
    /// <summary>A value of a registry key.</summary>
    Value,

    /// <summary>A registry key with all it holds.</summary>
    KeyTree,

    /// <summary>A registry key alone: its class name and security, for a value to be put into.</summary>
    KeyShell,

    /// <summary>The class name of a registry key.</summary>
    ClassName,

    /// <summary>A file with its streams.</summary>
    File,

    /// <summary>A folder alone.</summary>
    Folder,

    /// <summary>The key of an LSA secret, its states sealed for the new disk.</summary>
    LsaSecret,

    /// <summary>A DPAPI master key file, sealed for the new disk.</summary>
    MasterKey,

    /// <summary>A network adapter's address, for the guest agent to set.</summary>
    StaticAddress,

    /// <summary>A file that is made for the new disk: an answer file, the guest agent's first steps.</summary>
    GeneratedFile,
}
