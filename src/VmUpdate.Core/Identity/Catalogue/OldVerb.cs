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
