namespace VmUpdate.Core.Identity;

/// <summary>What the catalogue says is done with a set.</summary>
public enum SetVerb
{
    /// <summary>The old disk's goes to the new one.</summary>
    Carry,

    /// <summary>The master's is removed; nothing is carried.</summary>
    Strip,

    /// <summary>The master's own files take a name that goes with another carried set.</summary>
    Rename,

    /// <summary>Carried only on the administrator's word.</summary>
    Ask,

    /// <summary>Must not be copied.</summary>
    Never,

    /// <summary>Stays as the master has it.</summary>
    Leave,
}
