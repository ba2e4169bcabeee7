namespace VmUpdate.Core.Broker;

/// <summary>Why an action did not work.</summary>
/// <param name="Code">The error id.</param>
/// <param name="Message">One sentence.</param>
/// <param name="IsTransient">Whether the same may work later.</param>
internal sealed record ActionFailure(string Code, string Message, bool IsTransient)
{
    /// <summary>Whether it is not known to have ended: it may still have its effect.</summary>
    public bool IsUnderWay => Code == nameof(RunReason.CallNotEnded);
}
