using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Guests;

/// <summary>How the channel of a machine stands.</summary>
/// <param name="Vm">The machine.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsReady">Whether its guest's agent is there and speaks a version that this host speaks.</param>
/// <param name="Program">What the agent calls itself; empty when it was not heard.</param>
/// <param name="Detail">Why it is not ready; empty when it is.</param>
/// <param name="Messages">How many messages came since the host agent began.</param>
/// <param name="Dropped">How many lines were passed over: no messages, or none that belonged there.</param>
public sealed record GuestChannelStatus(VmKey Vm, string Name, bool IsReady, string Program, string Detail, long Messages, long Dropped);
