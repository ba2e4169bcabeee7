using VmUpdate.Core.Machines;

namespace VmUpdate.Libvirt;

/// <summary>libvirt's states and reasons as power states.</summary>
internal static class DomainStates
{
    private const int Running = 1;
    private const int Blocked = 2;
    private const int Paused = 3;
    private const int ShutOff = 5;

    /// <summary>A machine's state.</summary>
    /// <param name="state">A <c>virDomainState</c>.</param>
    /// <param name="reason">Its reason.</param>
    /// <param name="hasManagedSave">Whether its memory is kept on disk; asked only where it matters.</param>
    /// <returns>The state; <see cref="VmPowerState.Changing"/> for all that is not known or on its way.</returns>
    internal static VmPowerState Of(int state, int reason, Func<bool> hasManagedSave) => state switch
    {
        Running or Blocked => VmPowerState.Running,
        Paused => IsAtRest(reason) ? VmPowerState.Paused : VmPowerState.Changing,
        ShutOff => hasManagedSave() ? VmPowerState.Saved : VmPowerState.Off,
        _ => VmPowerState.Changing,
    };

    /// <summary>
    /// Paused by somebody (unknown 0, user 1), by a fault of a disk (5), by a watchdog (6), or as it came out of a snapshot (7); all other
    /// reasons are stations of something under way: migration, saving, dumping, shutting down, a snapshot, starting.
    /// </summary>
    private static bool IsAtRest(int reason) => reason is 0 or 1 or 5 or 6 or 7;
}
