namespace VmUpdate.Core.Guests;

/// <summary>What decides about guests' requests for updates of their own machine, and writes them down. The host agent asks it; above it the broker is.</summary>
public interface IGuestRequests
{
    /// <summary>The longest payload that any request may have now, in bytes: no more of one is kept.</summary>
    int MaxPayloadLength { get; }

    /// <summary>Decides about a request. An accepted one is on the disk when this completes, and the same one asked again gets the same answer.</summary>
    /// <param name="request">The request, from a guest that is not trusted.</param>
    /// <param name="cancellation">Ends the wait; the request may still be accepted.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="VmUpdateException">It could not be written down; the guest may ask again later.</exception>
    Task<GuestAnswer> AskAsync(GuestRequest request, CancellationToken cancellation);
}
