namespace VmUpdate.GuestAgent.FirstBoot;

/// <summary>Addresses that were set by hand.</summary>
/// <param name="Adapter">The adapter's physical address; empty: the only one.</param>
/// <param name="Addresses">Its addresses.</param>
/// <param name="SubnetMasks">Their masks, one for each.</param>
/// <param name="Gateways">The gateways.</param>
/// <param name="NameServers">The name servers.</param>
internal sealed record StaticAddress(
    string Adapter,
    IReadOnlyList<string> Addresses,
    IReadOnlyList<string> SubnetMasks,
    IReadOnlyList<string> Gateways,
    IReadOnlyList<string> NameServers);
