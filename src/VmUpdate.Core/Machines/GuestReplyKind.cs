namespace VmUpdate.Core.Machines;

/// <summary>Whether a guest answered.</summary>
public enum GuestReplyKind
{
    /// <summary>It did.</summary>
    Answered,

    /// <summary>It could have, and did not in time.</summary>
    Silent,

    /// <summary>There is nothing in this guest that could be asked.</summary>
    Unavailable,
}
