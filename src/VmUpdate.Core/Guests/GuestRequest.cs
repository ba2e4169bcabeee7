using VmUpdate.Core.Machines;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Guests;

/// <summary>A guest's request. The channel says which machine it is; nothing else in it is believed.</summary>
/// <param name="Vm">The machine, as the channel knows it.</param>
/// <param name="VmName">Its name, as its host calls it.</param>
/// <param name="Message">What the guest said.</param>
/// <param name="Payload">The payload that was announced; <see langword="null"/> when what came is not that, or nothing came.</param>
public sealed record GuestRequest(VmKey Vm, string VmName, UpdateRequest Message, byte[]? Payload);
