namespace VmUpdate.Core.Broker;

/// <summary>Kinds of run states.</summary>
public static class RunStates
{
    /// <summary>Whether a run in this state has ended.</summary>
    /// <param name="state">The state.</param>
    /// <returns>Whether it has.</returns>
    public static bool IsEnded(this RunState state) => state >= RunState.Succeeded;

    /// <summary>Whether a run in this state waits to be started.</summary>
    /// <param name="state">The state.</param>
    /// <returns>Whether it waits.</returns>
    public static bool IsWaiting(this RunState state) => state is RunState.Pending or RunState.Held;

    /// <summary>Whether a run in this state holds a place among those that run.</summary>
    /// <param name="state">The state.</param>
    /// <returns>Whether it does.</returns>
    public static bool IsActive(this RunState state) => state is > RunState.Held and < RunState.Succeeded;

    /// <summary>Whether the guest has the task.</summary>
    /// <param name="state">The state.</param>
    /// <returns>Whether it has.</returns>
    internal static bool IsPerforming(this RunState state) => state is > RunState.Waking and < RunState.Succeeded;

    /// <summary>Whether the guest must not be disturbed.</summary>
    /// <param name="state">The state.</param>
    /// <returns>Whether it changes itself or restarts.</returns>
    internal static bool IsDelicate(this RunState state) => state is RunState.Applying or RunState.Rebooting;
}
