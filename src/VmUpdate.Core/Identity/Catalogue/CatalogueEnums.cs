namespace VmUpdate.Core.Identity;

/// <summary>What is done with what the old disk holds.</summary>
public enum OldVerb
{
    /// <summary>It is carried to the new disk.</summary>
    Carry,

    /// <summary>It stays on the old disk; nothing forbids to carry it one day.</summary>
    Leave,

    /// <summary>It is carried only on the administrator's word.</summary>
    Ask,

    /// <summary>It must not be copied.</summary>
    Never,
}

/// <summary>What is done with what the master holds, when nothing is carried in its place.</summary>
public enum MasterVerb
{
    /// <summary>It stays.</summary>
    Keep,

    /// <summary>It is removed from the new disk.</summary>
    Strip,
}

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
}

/// <summary>How sure the catalogue is of a set.</summary>
public enum Certainty
{
    /// <summary>Read in the named source.</summary>
    Read,

    /// <summary>Seen in an excerpt only.</summary>
    Excerpt,

    /// <summary>Inferred, or general knowledge.</summary>
    Inferred,
}

/// <summary>What must hold of the two disks before a set is carried.</summary>
public enum PreconditionKind
{
    /// <summary>A registry key is on both disks or on neither: a service that only one of them has is not carried.</summary>
    KeyOnBothOrNeither,

    /// <summary>Both disks have the same machine SID.</summary>
    SameMachineSid,
}
