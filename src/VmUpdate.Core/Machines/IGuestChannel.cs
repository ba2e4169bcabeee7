namespace VmUpdate.Core.Machines;

/// <summary>Words with the guest of a running virtual machine. A host may have none: what it would confirm is then checked on the disk.</summary>
public interface IGuestChannel
{
    /// <summary>Waits until the guest answers, and asks it what it is called.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="timeout">How long the guest may take to boot and answer.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Its answer, or why there is none.</returns>
    Task<GuestReply> GetComputerNameAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation);
}
