namespace VmUpdate.Core.Machines;

/// <summary>A user's session in a virtual machine.</summary>
/// <param name="Id">Its number in the machine.</param>
/// <param name="UserName">Who is logged on.</param>
/// <param name="IsActive">Whether the user is connected; a session without its user still has open work.</param>
public sealed record UserSession(int Id, string UserName, bool IsActive);
