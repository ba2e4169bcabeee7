using VmUpdate.Core.Machines;

namespace VmUpdate.Simulation.World;

/// <summary>A machine of a <see cref="FileHost"/>.</summary>
/// <param name="State">What it does.</param>
/// <param name="Mark">The broker's note in it; empty for none.</param>
/// <param name="Run">The run that its guest was handed last.</param>
/// <param name="Attempt">The attempt of that; 0 when it was handed none.</param>
/// <param name="BeganTicks">When, in ticks of UTC.</param>
/// <param name="Begun">All runs and attempts that its guest ever began.</param>
public sealed record FileMachine(VmPowerState State, string Mark, Guid Run, int Attempt, long BeganTicks, IReadOnlyList<string> Begun);
