namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Why what was asked is not done. A newer end may know more of them.</summary>
public static class ReplyCodes
{
    /// <summary>The guest has no update agent for the instructor.</summary>
    public const string NoUpdateAgent = "NoUpdateAgent";

    /// <summary>The guest has no such run.</summary>
    public const string UnknownRun = "UnknownRun";

    /// <summary>The payload's length or hash is not the one that was announced.</summary>
    public const string PayloadMismatch = "PayloadMismatch";

    /// <summary>It came after its deadline.</summary>
    public const string TooLate = "TooLate";

    /// <summary>The other end does not know, or does not do, what was asked.</summary>
    public const string NotSupported = "NotSupported";

    /// <summary>The host does not allow a guest to ask for this.</summary>
    public const string NotAllowed = "NotAllowed";

    /// <summary>It was asked for too often, or too much of it is open.</summary>
    public const string TooMany = "TooMany";

    /// <summary>It was tried and did not work; the message says why.</summary>
    public const string Failed = "Failed";
}
