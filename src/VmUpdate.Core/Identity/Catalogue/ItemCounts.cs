namespace VmUpdate.Core.Identity;

/// <summary>What must be at an item's place for it to be there at all: some places are never empty on a Windows.</summary>
public enum ItemCounts
{
    /// <summary>Anything.</summary>
    Always,

    /// <summary>Text or bytes that are not empty; an LSA secret whose present state is not.</summary>
    NotEmpty,

    /// <summary>A value that means yes: a number that is not 0, or a text that is neither empty nor 0.</summary>
    SwitchedOn,

    /// <summary>A slot of <c>SECURITY\Cache</c> that holds a user's logon.</summary>
    CachedLogon,

    /// <summary>An answer file with a password that Windows Setup did not blank out.</summary>
    AnswerFilePassword,
}
