namespace VmUpdate.Core.Broker;

/// <summary>What a broker did.</summary>
/// <param name="Started">How many runs began.</param>
/// <param name="Succeeded">How many succeeded.</param>
/// <param name="Failed">How many failed or timed out.</param>
/// <param name="LeftAwake">The machines that are still awake for updates, with the reason.</param>
/// <param name="StillOpen">How many runs wait or are under way.</param>
public sealed record BrokerReport(int Started, int Succeeded, int Failed, IReadOnlyList<AwakeMachine> LeftAwake, int StillOpen);
