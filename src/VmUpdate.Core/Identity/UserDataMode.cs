namespace VmUpdate.Core.Identity;

/// <summary>When user data is carried to the new disk.</summary>
public enum UserDataMode
{
    /// <summary>Never: it stays on the old disk only.</summary>
    Never,

    /// <summary>When a user was still signed in and had to be ended before the swap.</summary>
    WhenForcedOff,

    /// <summary>Always.</summary>
    Always,
}
