namespace VmUpdate.GuestProtocol;

/// <summary>
/// How much either end takes from the other. What is over a limit is refused, never cut: a cut command is another command.
/// </summary>
public static class ProtocolLimits
{
    /// <summary>The longest line, its end included: 64 KiB. One channel's buffer is never larger.</summary>
    public const int MaxLineLength = 64 * 1024;

    /// <summary>The most bytes of a payload in one line: 32 KiB, which are 43 KiB as base64.</summary>
    public const int MaxPartLength = 32 * 1024;

    /// <summary>The longest payload: 1 MiB. Larger content belongs on a share or in a package.</summary>
    public const int MaxPayloadLength = 1024 * 1024;

    /// <summary>The longest name: of an instructor, a kind, a file, a computer, a user.</summary>
    public const int MaxNameLength = 256;

    /// <summary>The longest sentence for people, in characters.</summary>
    public const int MaxTextLength = 4096;

    /// <summary>The most entries of a list: sessions, instructors, runs.</summary>
    public const int MaxListLength = 256;

    /// <summary>The deepest a message's JSON is nested.</summary>
    public const int MaxDepth = 6;
}
