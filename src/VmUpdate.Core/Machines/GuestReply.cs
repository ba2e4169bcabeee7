namespace VmUpdate.Core.Machines;

/// <summary>What came of asking a guest.</summary>
/// <param name="Kind">Whether it answered.</param>
/// <param name="ComputerName">What it calls itself; empty when it did not answer.</param>
public sealed record GuestReply(GuestReplyKind Kind, string ComputerName)
{
    /// <summary>There is nothing in this guest that could be asked.</summary>
    public static GuestReply Unavailable { get; } = new(GuestReplyKind.Unavailable, string.Empty);

    /// <summary>It did not answer in time.</summary>
    public static GuestReply Silent { get; } = new(GuestReplyKind.Silent, string.Empty);
}
