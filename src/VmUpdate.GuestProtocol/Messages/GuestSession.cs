namespace VmUpdate.GuestProtocol.Messages;

/// <summary>A session in a guest.</summary>
/// <param name="Id">Its number in the guest.</param>
/// <param name="UserName">Who is logged on.</param>
/// <param name="IsActive">Whether the user is connected.</param>
public sealed record GuestSession(int Id, string UserName, bool IsActive);
