namespace VmUpdate.Core.Machines;

/// <summary>A host that says more of its machines. Fails as <see cref="IHypervisor"/> does.</summary>
public interface IMachineTraits
{
    /// <summary>What matters of a machine before its disk is replaced.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The traits.</returns>
    Task<MachineTraits> GetTraitsAsync(VmKey vm, CancellationToken cancellation);
}
