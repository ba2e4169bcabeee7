namespace VmUpdate.Simulation.World;

/// <summary>Something that must always hold did not. The message has the seed.</summary>
public sealed class SimulationFailedException(string message) : Exception(message);
