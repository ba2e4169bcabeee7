namespace VmUpdate.Core.Broker;

/// <summary>What the host's broker said last.</summary>
/// <param name="IsSuspended">Whether all work is suspended.</param>
/// <param name="WhyNoRun">Why no run begins at all, with the numbers; empty when runs may begin.</param>
/// <param name="WhyNoWake">Why no machine is woken, with the numbers; empty when machines may be.</param>
/// <param name="Stepped">When it said so, in UTC.</param>
public sealed record BrokerStatus(bool IsSuspended, string WhyNoRun, string WhyNoWake, DateTime Stepped);
