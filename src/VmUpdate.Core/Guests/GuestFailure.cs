namespace VmUpdate.Core.Guests;

/// <summary>Why a guest did not do what was asked. The names are the PowerShell error ids.</summary>
public enum GuestFailure
{
    /// <summary>The guest does not answer.</summary>
    GuestNotReached,

    /// <summary>The guest has no update agent for the instructor.</summary>
    NoUpdateAgent,

    /// <summary>The guest refused.</summary>
    GuestRefused,
}
