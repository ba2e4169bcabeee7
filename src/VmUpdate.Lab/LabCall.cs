using VmUpdate.Core.Machines;

namespace VmUpdate.Lab;

/// <summary>A call to a lab, for whoever injects faults.</summary>
/// <param name="Operation">The method's name in the port, without "Async"; where two ports have the same, with what it is done to.</param>
/// <param name="Vm">The machine; <see langword="null"/> for calls about the host.</param>
/// <param name="Number">How many calls there were before, in this process.</param>
public sealed record LabCall(string Operation, VmKey? Vm, int Number);
