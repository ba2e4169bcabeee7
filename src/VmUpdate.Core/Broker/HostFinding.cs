namespace VmUpdate.Core.Broker;

/// <summary>What was found when a host was looked at.</summary>
/// <param name="Check">What was looked at.</param>
/// <param name="Verdict">How grave it is.</param>
/// <param name="Detail">What was found, in one sentence with its numbers.</param>
/// <param name="Remedy">What to do about it; empty when nothing need be done.</param>
public sealed record HostFinding(HostCheckKind Check, HostVerdict Verdict, string Detail, string Remedy);
