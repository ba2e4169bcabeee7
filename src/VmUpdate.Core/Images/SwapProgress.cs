using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <summary>News of a run. It is reported on the worker's own thread, after the journal has it.</summary>
/// <param name="Vm">The machine.</param>
/// <param name="VmName">Its name.</param>
/// <param name="State">The step that is being done; <see langword="null"/> when the machine has been dealt with.</param>
/// <param name="Done">How many machines of the run have been dealt with.</param>
/// <param name="Total">How many machines the run has.</param>
/// <param name="Result">The machine's result, when it has been dealt with.</param>
public sealed record SwapProgress(VmKey Vm, string VmName, SwapState? State, int Done, int Total, PooledVmUpdateResult? Result);
