namespace VmUpdate.Core.Broker;

/// <summary>Something that a prompt wants of the broker: written down with the change itself, so that it is not lost when no broker runs.</summary>
/// <param name="Number">Its number; grows.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Subject">The id of the task, the machine or the run; empty for the host.</param>
internal sealed record BrokerOrder(long Number, BrokerOrderKind Kind, string Subject);
