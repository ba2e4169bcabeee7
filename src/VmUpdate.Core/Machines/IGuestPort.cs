namespace VmUpdate.Core.Machines;

/// <summary>The channel between a guest's trigger agent and its host. The channel, not what comes through it, says which machine it is.</summary>
public interface IGuestPort
{
    /// <summary>Opens the host's end of a running machine's channel. One opener has it at a time, and a second may hear nothing until
    /// the first is gone; it closes when the machine stops.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The channel, for reading and writing; what the guest wrote while nobody listened may come first. The caller disposes it.</returns>
    /// <exception cref="HypervisorException">
    /// <see cref="HypervisorFailure.VmBusy"/>: the machine does not run, or its channel is not there yet;
    /// <see cref="HypervisorFailure.HostNotUsable"/>: the machine has no such channel; and the others.
    /// </exception>
    Task<Stream> OpenGuestPortAsync(VmKey vm, CancellationToken cancellation);

    /// <summary>Says when machines come and go, so that nobody has to ask again and again.</summary>
    /// <param name="onChanged">Called with each machine whose state changed, or whose guest came up; from any thread, and it must not block.</param>
    /// <returns>Ends it when disposed.</returns>
    IDisposable Watch(Action<VmKey> onChanged);
}
