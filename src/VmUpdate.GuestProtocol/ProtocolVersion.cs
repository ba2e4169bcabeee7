namespace VmUpdate.GuestProtocol;

/// <summary>
/// The versions of the protocol. Both ends say in <see cref="Messages.Hello"/> which they speak; the greatest that both do is spoken. A
/// newer end may add fields and messages, which an older one passes over; what would change a meaning is a new version.
/// </summary>
public static class ProtocolVersion
{
    /// <summary>The oldest version that this code speaks.</summary>
    public const int Oldest = 1;

    /// <summary>The newest version that this code speaks.</summary>
    public const int Newest = 1;

    /// <summary>The version that two ends speak.</summary>
    /// <param name="oldest">The oldest that the other end speaks.</param>
    /// <param name="newest">The newest that the other end speaks.</param>
    /// <returns>The version; <see langword="null"/> when there is none that both speak.</returns>
    public static int? Choose(int oldest, int newest)
    {
        int version = Math.Min(newest, Newest);
        return version >= Math.Max(oldest, Oldest) ? version : null;
    }
}
