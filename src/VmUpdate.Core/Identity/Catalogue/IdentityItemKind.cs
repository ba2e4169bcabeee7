namespace VmUpdate.Core.Identity;

/// <summary>What kind of thing an item is.</summary>
public enum IdentityItemKind
{
    /// <summary>A value of a registry key.</summary>
    RegistryValue,

    /// <summary>A registry key with all it holds: values, keys, class names, security.</summary>
    RegistryKey,

    /// <summary>The class name of a registry key.</summary>
    ClassName,

    /// <summary>A file with all its streams; the path may be a pattern.</summary>
    File,

    /// <summary>A folder with all it holds.</summary>
    Folder,

    /// <summary>Files of the master whose names end with a registry value that another set carries.</summary>
    NameSuffix,

    /// <summary>An LSA secret: sealed anew for the new disk.</summary>
    LsaSecret,

    /// <summary>The DPAPI master keys of the machine: each sealed anew for the new disk, beside its own.</summary>
    DpapiMasterKeys,

    /// <summary>A certificate in a store of the registry; an item may mean those of some issuers only. The private key is another item.</summary>
    Certificate,

    /// <summary>The SID of the machine's own accounts. It is detected and never written.</summary>
    MachineSid,

    /// <summary>A network adapter's address that was set by hand.</summary>
    StaticAddress,
}
