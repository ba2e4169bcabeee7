namespace VmUpdate.Core.Machines;

/// <summary>How busy a host is, and what its machines take of it.</summary>
public interface IHostMetrics
{
    /// <summary>The host's load.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The load.</returns>
    Task<HostLoad> GetLoadAsync(CancellationToken cancellation);

    /// <summary>What a machine takes when it runs.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The footprint.</returns>
    Task<VmFootprint> GetFootprintAsync(VmKey vm, CancellationToken cancellation);
}
