using VmUpdate.Core.Identity;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <summary>Which part of an identity a swap carries.</summary>
internal static class IdentitySource
{
    /// <summary>What carries it.</summary>
    /// <param name="run">The run.</param>
    /// <returns>The service; <see langword="null"/> when nothing is carried at all.</returns>
    public static IdentityTransfer? For(RunContext run) => run.Direction switch
    {
        SwapDirection.Update => run.Transfer,

        // The disk to go back to is the machine's own, identity and all. Only what changes while a machine runs is newer on the disk it leaves.
        SwapDirection.Restore when run.Transfer.Catalogue.Rotating is { Sets.Count: > 0 } rotating => new IdentityTransfer(rotating),
        _ => null,
    };
}
