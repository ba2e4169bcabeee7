namespace VmUpdate.Lab;

/// <summary>A made-up user's session.</summary>
/// <param name="Id">Its number in the machine.</param>
/// <param name="UserName">Who is logged on.</param>
/// <param name="IsActive">Whether the user is connected.</param>
/// <param name="LeavesWhenAsked">Whether the user logs off on a message.</param>
/// <param name="ArrivesUtc">When the user logs on, in UTC; <see langword="null"/> for long ago.</param>
/// <param name="ArrivesAfter">How long after the guest's last start the user logs on; <see langword="null"/> for at once.</param>
public sealed record LabSession(
    int Id, string UserName, bool IsActive = true, bool LeavesWhenAsked = false, DateTime? ArrivesUtc = null, TimeSpan? ArrivesAfter = null);
