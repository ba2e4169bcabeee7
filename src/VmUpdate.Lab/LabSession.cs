namespace VmUpdate.Lab;

/// <summary>A made-up user's session.</summary>
/// <param name="Id">Its number in the machine.</param>
/// <param name="UserName">Who is logged on.</param>
/// <param name="IsActive">Whether the user is connected.</param>
/// <param name="LeavesWhenAsked">Whether the user logs off on a message.</param>
public sealed record LabSession(int Id, string UserName, bool IsActive = true, bool LeavesWhenAsked = false);
