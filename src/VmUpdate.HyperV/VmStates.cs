using VmUpdate.Core.Machines;

namespace VmUpdate.HyperV;

/// <summary>Hyper-V's states as power states.</summary>
internal static class VmStates
{
    /// <summary>From here on OperationalStatus says what is being done to a machine.</summary>
    private const long FirstWork = 32768;

    /// <summary>A machine's state.</summary>
    /// <param name="enabledState">Its EnabledState.</param>
    /// <returns>The state; <see cref="VmPowerState.Changing"/> for all that is not known or on its way, the critical states too.</returns>
    internal static VmPowerState Of(long? enabledState) => enabledState switch
    {
        HyperVValues.Running => VmPowerState.Running,
        HyperVValues.Off => VmPowerState.Off,
        HyperVValues.Saved => VmPowerState.Saved,
        HyperVValues.Paused => VmPowerState.Paused,
        _ => VmPowerState.Changing,
    };

    /// <summary>What is being done to a machine beside its state, in words; empty when nothing is.</summary>
    /// <param name="operationalStatus">Its OperationalStatus.</param>
    internal static string WorkOf(IReadOnlyList<long> operationalStatus) => operationalStatus.FirstOrDefault(status => status >= FirstWork) switch
    {
        0 => string.Empty,
        32768 => "a checkpoint of it is being made",
        32769 => "a checkpoint is being applied to it",
        32770 => "a checkpoint of it is being deleted",
        32771 => "it waits to be started",
        32772 => "its disks are being merged",
        32773 => "it is being exported",
        32774 => "it is being moved to another host",
        var other => $"it is being worked on (status {other})",
    };
}
