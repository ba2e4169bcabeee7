namespace VmUpdate.HyperV.Sessions;

/// <summary>A session as Remote Desktop Services list it on an RD Virtualization Host, word for word.</summary>
/// <param name="VmName">The name of the virtual machine that it is in; empty for the host's own sessions.</param>
/// <param name="Id">Its number in the machine.</param>
/// <param name="Domain">The user's domain; empty when nobody is logged on.</param>
/// <param name="User">The user; empty when nobody is logged on.</param>
/// <param name="State">Its state, a value of <c>WTS_CONNECTSTATE_CLASS</c>: 0 is active.</param>
public sealed record TerminalSession(string VmName, int Id, string Domain, string User, int State);
