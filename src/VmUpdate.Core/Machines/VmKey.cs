namespace VmUpdate.Core.Machines;

/// <summary>What a virtual machine is known by everywhere: its host and its own id. Names are for people.</summary>
/// <param name="HostId">The id of the host that the machine is on, as <see cref="IHypervisor.HostId"/> gives it.</param>
/// <param name="VmId">The machine's id on that host.</param>
public readonly record struct VmKey(string HostId, Guid VmId)
{
    /// <inheritdoc/>
    public override string ToString() => $"{VmId} on {HostId}";
}
